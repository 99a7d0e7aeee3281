"""The words of mail servers: told without anybody's address, and known again when only names and numbers differ."""

from __future__ import annotations

import re

GAP = "…"

_LONGEST = 256  # characters of one side of an address; a bound, so that no text takes long to look through
_AT = r"(?:@|＠|%40|&#64;)"
_ADDRESS = re.compile(
    rf"""(?:"(?:[^"\\\n]|\\.){{0,{_LONGEST}}}"|[^\s<>()\[\],;:"@＠]{{1,{_LONGEST}}}?){_AT}"""
    rf"""(?P<domain>\[[^\]\s]{{1,{_LONGEST}}}\]|[^\s<>()\[\],;:"'@＠]{{1,{_LONGEST}}})?""",
    re.IGNORECASE,
)
_PIECE = re.compile(r"[^\s<>()\[\]{},;\"'|]+")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}:?")
_SHORT = 3  # characters; a number that short may mean something: a reply code, a limit
_GAPS = re.compile(rf"{GAP}(?:\s+{GAP})+")


def masked(text: str) -> str:
    """The same text with every email address in it told by its domain alone: fit for a log."""
    return _ADDRESS.sub(_told, text) if _may_hold_one(text) else text


def unaddressed(text: str) -> str:
    """The same text with "…" for every email address in it."""
    return _ADDRESS.sub(GAP, text) if _may_hold_one(text) else text


def common(text: str, address: str = "") -> str:
    """What a refusal has in common with others of its kind: addresses, ids, hosts and numbers are left out.

    `address` is the recipient's: servers like to repeat what stands before its @.
    """
    local = address.rpartition("@")[0].lower()

    def left_out(found: re.Match[str]) -> str:
        piece = found[0]
        colon = ":" if piece.endswith(":") else ""
        named = len(local) >= _SHORT and piece.strip(".:!?").lower() == local
        return GAP + colon if named or _is_number(piece) else piece

    return _GAPS.sub(GAP, _PIECE.sub(left_out, unaddressed(text)))


def _may_hold_one(text: str) -> bool:
    return "@" in text or "%40" in text or "＠" in text or "&#64;" in text


def _told(found: re.Match[str]) -> str:
    domain = found["domain"]
    return f"an address at {domain}" if domain else "an address"


def _is_number(piece: str) -> bool:
    """Whether it is an id, a host's name, a time: something with digits that is no status, and no small number."""
    small = len(piece) < _SHORT or (len(piece) == _SHORT and piece.isdigit())
    return not small and not _STATUS.fullmatch(piece) and any(map(str.isdigit, piece))

"""The encoding of a feed's bytes, which servers and declarations often name wrongly, or not at all."""

from __future__ import annotations

import codecs
import re

from chardet import EncodingEra, detect

_DECLARED = re.compile(rb"\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_CHARSET = re.compile(r"\bcharset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_DEFAULTS = ("cp1252", "ascii")  # what servers say of everything
_SHIFTING = ("iso2022", "hz")  # other letters in ASCII's bytes
_SUPERSETS = {  # what is written under a name, as browsers have it
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_MOSTLY = 4  # sound characters to a broken one


def as_utf8(body: bytes, content_type: str) -> bytes | None:
    """`body` in UTF-8; None for UTF-16 and its like, which feedparser knows by their first bytes."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in body[:4]:
        return None
    body = body.removeprefix(codecs.BOM_UTF8)
    named = _named(body, content_type)
    if body.isascii():
        return next((_decoded(body, name).encode() for name in named if name.startswith(_SHIFTING)), body)
    try:
        body.decode()
    except UnicodeDecodeError:
        return _foreign(body, named).encode()
    return body  # whatever it is called: nothing else looks like UTF-8 by chance


def _named(body: bytes, content_type: str) -> list[str]:
    """Python's names of the encodings that the server and the document itself name, the likelier first."""
    declared = _DECLARED.match(body)
    charset = _CHARSET.search(content_type)
    names = [charset[1] if charset else "", declared[1].decode() if declared else ""]
    known = [_known(name) for name in names if name]
    return sorted((name for name in known if name and not name.startswith("utf")), key=_DEFAULTS.__contains__)


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name).name
        "".encode(found)  # rot13 and its like are no encodings of text
    except (LookupError, UnicodeError):
        return ""
    return _SUPERSETS.get(found, found)


def _foreign(body: bytes, named: list[str]) -> str:
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if sum(char > "\x7f" for char in text) - broken > _MOSTLY * broken:  # cut in the middle of a letter
        return text
    for name in named:
        try:
            return body.decode(name)
        except UnicodeError:
            continue
    guess = detect(body, encoding_era=EncodingEra.MODERN_WEB | EncodingEra.LEGACY_ISO)["encoding"]
    return _decoded(body, _known(guess or "") or "cp1252")


def _decoded(body: bytes, name: str) -> str:
    return body.decode(name, "replace")

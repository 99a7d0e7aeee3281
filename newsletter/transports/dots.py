"""Dot-stuffing (RFC 5321 §4.5.2). Pieces that the message before had too are not looked through again."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet


class DotStuffer:
    """Doubles each dot that begins a line. A bytes object keeps its hash, so a piece seen before costs one look-up."""

    def __init__(self) -> None:
        self._dotless: AbstractSet[bytes] = frozenset()  # the pieces of the last message that needed nothing

    def body(self, message: Sequence[bytes]) -> Sequence[bytes]:
        """The message as it goes over the wire; its last piece ends it. `message` has CRLF line ends.

        Pieces stay pieces: to join them would copy what is the same for all readers each time.
        """
        pieces = frozenset(message)
        if b"\n." in b"\n".join((b"", *(pieces - self._dotless))):  # or one would, should the piece before end a line
            message = [_stuffed(b"".join(message))]
        else:
            self._dotless = pieces
        return *message, b".\r\n" if _ends_its_line(message) else b"\r\n.\r\n"


def _ends_its_line(message: Sequence[bytes]) -> bool:
    """One without content has no line to end."""
    if message and message[-1]:
        return message[-1].endswith(b"\n")
    return next((piece for piece in reversed(message) if piece), b"\n").endswith(b"\n")


def _stuffed(message: bytes) -> bytes:
    doubled = message.replace(b"\n.", b"\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled

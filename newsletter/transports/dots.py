"""Dot-stuffing (RFC 5321 §4.5.2), remembered for the pieces that all readers share."""

from __future__ import annotations

from collections.abc import Sequence

_WORTH_KEEPING = 1000  # bytes: shorter pieces are a reader's own
_MOST_KEPT = 1000  # pieces


class DotStuffer:
    """Doubles each dot that begins a line. A bytes object keeps its hash, so a piece seen before costs one look-up."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}

    def body(self, message: Sequence[bytes]) -> list[bytes]:
        """The message as it goes over the wire, with the line that ends it. `message` has CRLF line ends."""
        wire = []
        line_begins = True
        for piece in message:
            if not piece:
                continue
            if line_begins and piece.startswith(b"."):
                wire.append(b".")
            wire.append(self._stuffed(piece))
            line_begins = piece.endswith(b"\n")
        wire.append(b".\r\n" if line_begins else b"\r\n.\r\n")
        return wire

    def _stuffed(self, piece: bytes) -> bytes:
        if len(piece) < _WORTH_KEEPING:
            return piece.replace(b"\n.", b"\n..")
        stuffed = self._known.get(piece)
        if stuffed is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            stuffed = self._known[piece] = piece.replace(b"\n.", b"\n..")
        return stuffed

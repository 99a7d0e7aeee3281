"""One reader's message, taken apart again as a mail program does it; line ends of its parts are \\n alone."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property


@dataclass(frozen=True)
class Opened:
    """`raw` are the bytes that go out, b"" for a message that cannot be made."""

    raw: bytes

    @cached_property
    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @cached_property
    def html(self) -> str:
        return self._part("html")

    @cached_property
    def text(self) -> str:
        return self._part("plain")

    @cached_property
    def header_block(self) -> str:
        """As it travels: encoded and folded."""
        return self.raw.partition(b"\r\n\r\n")[0].decode("ascii", "replace").replace("\r\n", "\n")

    def field(self, name: str) -> str:
        """A header field, decoded; "" when there is none."""
        return str(self.parsed[name] or "")

    def source(self, most: int) -> str:
        """The first `most` bytes as they travel."""
        return self.raw[:most].decode("ascii", "replace").replace("\r\n", "\n")

    def _part(self, kind: str) -> str:
        body = self.parsed.get_body((kind,)) if self.raw else None
        return str(body.get_content()).replace("\r\n", "\n") if body else ""

"""What a post is compared by when stories are told apart: computed once from its text, kept small."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from newsletter.domain.headline import headline
from newsletter.domain.urls import canonical, is_page
from newsletter.text.likeness import Sketch, sketch


class Packed(NamedTuple):
    """Traits as they are stored; `words` is how many words of the body were read."""

    page: str
    wordings: bytes
    body: bytes
    words: int


@dataclass(frozen=True, slots=True)
class Traits:
    """A post's canonical URL ("" for a front page), hashes of its headline's wordings (the core first), its body."""

    page: str
    wordings: tuple[int, ...]
    body: Sketch

    def pack(self) -> Packed:
        return Packed(self.page, array("Q", self.wordings).tobytes(), self.body.pack(), self.body.words)

    @classmethod
    def unpack(cls, page: str, wordings: bytes, body: bytes) -> Traits:
        return cls(page, tuple(array("Q", wordings)), Sketch.unpack(body))


def traits(url: str, title: str, body: str, excerpt: str = "") -> Traits:
    """The excerpt stands in for a body that is empty."""
    head = headline(title)
    wordings = [_number(text, firm=False) for text in sorted(head.loose, key=len)]
    wordings += [_number(text, firm=True) for text in sorted(head.firm, key=len)]
    page = canonical(url)
    return Traits(page if is_page(page) else "", tuple(wordings), sketch(body if body.strip() else excerpt))


def _number(wording: str, *, firm: bool) -> int:
    """A hash of 64 bits whose last bit says that the wording surely is the headline."""
    return int.from_bytes(blake2b(wording.encode("utf-8", "replace"), digest_size=8).digest(), "little") & ~1 | firm

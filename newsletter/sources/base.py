"""What every source promises; tests/contract/test_sources.py holds adapters to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from newsletter.domain.post import Post, Skipped
from newsletter.errors import SourceError
from newsletter.text.traits import Packed


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a source remembers between two readings (ETag, Last-Modified, Retry-After …): plain JSON values."""

    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a source holds: its stable `key`, and a `fingerprint` of all that its post is made from.

    `parse` makes the post (raises PostError); it is called only when the fingerprint is not the stored one,
    so it carries the cost. It returns None for an item that this source leaves out (another category).
    `traits` are what the post is compared by, where the source had hands free to find out beside the parsing.
    """

    key: str
    fingerprint: str
    parse: Callable[[], Post | None]
    traits: Packed | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a source.

    `items` are lazy. `complete` is True when what is not among them is gone from the source (a folder),
    False when it merely scrolled out (a feed). `unchanged` is True when the source said so (304): no items.
    `warnings` (what a user should know though nothing was skipped) and `state` may grow while items are taken:
    look at them afterwards.
    """

    items: Iterator[Item | Skipped]
    state: SourceState
    complete: bool
    unchanged: bool = False
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Home:
    """A site that is on this machine: what the web has below `address` lies below `folder`."""

    address: str
    folder: Path


class Source(Protocol):
    """`name` is unique in its newsletter, `type` is the word of config.yaml."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...

    def read(self, state: SourceState, now: datetime) -> Reading:
        """Raises SourceError when nothing can be had from it."""
        ...

    def left_out(self, state: SourceState, post: str, now: datetime) -> str | None:
        """Why it gives no post for this path or address: a sentence's words, with file, line and remedy where it can.

        None when it gives one, or does not know it. `state` is what it remembers; no server is asked.
        Raises SourceError.
        """
        ...

    def home(self) -> Home | None:
        """Where its posts' pictures lie, None when they are on the web only. Raises SourceError."""
        ...

    def zone(self) -> str | None:
        """Whose clocks its posts' days go by, like Europe/London; None when it does not say. Raises SourceError."""
        ...


def zone_of_posts(source: Source, otherwise: str) -> str:
    """By whose clocks the days of a source's posts are told."""
    try:
        return source.zone() or otherwise
    except SourceError:
        return otherwise


def of_other_categories(source: str, wanted: Sequence[str], own: Sequence[str]) -> str:
    return f"its source {source} takes only {', '.join(wanted)}; its categories are {', '.join(own) or 'none'}"

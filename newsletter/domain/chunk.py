"""An issue cut into chunks that many machines can share, and the lanes that keep a mailbox provider from being flooded.

A lane is walked by one chunk at a time, over all machines. A group of mailboxes with many readers (gmail.com) has
lanes of its own; the small ones share some, and none of them stands in two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zlib import crc32

from newsletter.domain.mailboxes import group_of

CHUNK_SIZE = 1000  # deliveries: a second or so of work, so that a stop or a death leaves little behind
LANES = 4  # of one big group
SHARED_LANES = 16  # at most, for all small groups together
SHARED = "* "  # begins the name of a track that small groups share; no mail domain has a space
_FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """Deliveries of one issue that lie side by side: their ids are `first` to `last`.

    `track` is a big group's name, and is walked in several lanes; or it is shared by small groups, and is one lane.
    """

    track: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Part of an issue: its deliveries with ids from `first` to `last`. `position` counts within its lane, from 0."""

    issue: int
    number: int
    lane: str
    position: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Tracks:
    """Which way each mail domain goes: `named` has those of big groups, and of small ones with several domains.

    All others share `shared` tracks (2^n), which their names are spread over.
    """

    named: Mapping[str, str]
    shared: int


def tracks(readers: Mapping[str, int], size: int = CHUNK_SIZE) -> Tracks:
    """From how many readers each domain has. A group is big when one chunk cannot hold it."""
    groups: dict[str, list[str]] = {}
    for domain in readers:
        groups.setdefault(group_of(domain), []).append(domain)
    totals = {name: sum(readers[domain] for domain in domains) for name, domains in groups.items()}
    small = sum(total for total in totals.values() if total <= size)
    shared = 1
    while shared < SHARED_LANES and shared * size < small:
        shared *= 2
    named: dict[str, str] = {}
    for name, domains in groups.items():
        if totals[name] > size:
            named |= dict.fromkeys(domains, name)
        elif len(domains) > 1:
            named |= dict.fromkeys(domains, f"{SHARED}{crc32(name.encode()) % shared}")
    return Tracks(named, shared)


def cut(issue: int, spans: Iterable[Span], size: int = CHUNK_SIZE, lanes: int = LANES) -> list[Chunk]:
    """The spans in chunks of at most `size` deliveries; longest lanes first, for they are the last to end."""
    walks: dict[str, list[tuple[int, int]]] = {}
    for span in spans:
        for count, first in enumerate(range(span.first, span.last + 1, size)):
            lane = span.track if span.track.startswith(SHARED) else f"{span.track} {count % lanes}"
            walks.setdefault(lane, []).append((first, min(first + size - 1, span.last)))
    longest_first = sorted(walks.items(), key=lambda walk: -len(walk[1]))
    places = [(lane, position, *ids) for lane, walk in longest_first for position, ids in enumerate(walk)]
    places.sort(key=lambda place: place[1])  # the first of every lane, then the second …
    return [Chunk(issue, number, *place) for number, place in enumerate(places)]


def priority(chunk: Chunk) -> int:
    """Of a chunk that nobody has begun: by its place in the lane, so that a small issue does not wait for the end of a
    big one. Higher goes first."""
    return -chunk.position


def waiting_priority(due: datetime) -> int:
    """Of a chunk that waits for its retries: behind all fresh ones, and the sooner due the higher, so that none waits
    for one that is due later, though they share a lane."""
    return -int((due - _FIRST_DAY).total_seconds())

"""Makes the pictures that an issue wishes for, and remembers what was made: the second time there is nothing to do.

Pictures are fetched side by side and shaped one after the other: fetching waits for others, shaping takes memory.
"""

from __future__ import annotations

import contextlib
import io
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from newsletter.domain.picture import PictureSlot
from newsletter.errors import NewsletterError, PictureError
from newsletter.pictures import origins
from newsletter.pictures.media import Entry, Media
from newsletter.pictures.origins import Local, LocalSite, Remote, origin
from newsletter.pictures.shaping import VERSION, shape, shape_logo
from newsletter.pictures.values import Download, Fetch, Made, Shaped, Wish

FRESH = timedelta(days=1)  # so long the web is not asked again for a picture that was made
CALM = timedelta(minutes=10)  # and so long for one that could not be fetched
SECONDS_EACH = 10.0  # for one picture from the web
SECONDS_ALL = 20.0  # for all of them
_AT_ONCE = 8
_WHERE = re.compile(r"^https?://\S+: ")  # an error of `fetch` begins with it, and whoever shows the error names it too


@dataclass(frozen=True)
class Workshop:
    """`sites` are the sites whose folders are on this machine, by the name of their source."""

    media: Media
    sites: Mapping[str, LocalSite]
    fetch: Fetch
    shape: Callable[[bytes, PictureSlot], Shaped] = shape
    seconds_each: float = SECONDS_EACH
    seconds_all: float = SECONDS_ALL
    _bench: threading.Lock = field(default_factory=threading.Lock)

    def kept(self, wishes: Iterable[Wish], now: datetime) -> dict[Wish, Made]:
        """Those that were made before: no picture is opened for them and nobody is asked."""
        found = {wish: self._kept(wish, now) for wish in wishes}
        return {wish: made for wish, made in found.items() if made is not None}

    def make(self, wishes: Iterable[Wish], now: datetime) -> dict[Wish, Made]:
        """All of them, whatever it takes, but the web gets no more than `seconds_all`. An answer for each wish."""
        grouped: dict[tuple[str, str], list[Wish]] = {}
        for wish in wishes:
            grouped.setdefault((wish.source, wish.address), []).append(wish)
        until = time.monotonic() + self.seconds_all
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="picture")
        try:
            tasks = {pool.submit(self._make, group, now, until): group for group in grouped.values()}
            _await(tasks, self.seconds_all + self.seconds_each)
            return {wish: made for task, group in tasks.items() for wish, made in self._outcome(task, group).items()}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def logo(self, path: Path) -> Made:
        """A PNG of at most twice 240 × 80; made again when the file changes."""
        try:
            found = origins.file_at(path)
            key = repr((VERSION, "logo", str(found.path), found.state))
            entry = self.media.entry(key)
            if entry is None:
                entry = Entry(name=self.media.keep(shape_logo(found.read())))
                self.media.register(key, entry)
        except PictureError as error:
            return error
        return _made(entry)

    def size(self, name: str) -> tuple[int, int]:
        """Width and height of a finished picture, from its head alone. Raises PictureError when it is gone."""
        with Image.open(io.BytesIO(self.media.read(name))) as image:
            return image.size

    def _outcome(self, task: Future[dict[Wish, Made]], group: list[Wish]) -> dict[Wish, Made]:
        if task.done():
            return task.result()
        return dict.fromkeys(group, self._too_late())

    def _too_late(self) -> PictureError:
        return PictureError(f"all pictures together took longer than {self.seconds_all:g} seconds")

    def _kept(self, wish: Wish, now: datetime) -> Made | None:
        try:
            found = origin(wish.address, self.sites.get(wish.source))
        except PictureError as error:
            return error
        entry = self.media.entry(_key(found, wish.slot))
        if entry is None or (isinstance(found, Remote) and not _is_fresh(entry, now)):
            return None
        if entry.failed and not entry.asked:
            again = datetime.fromisoformat(entry.failed) + CALM
            return PictureError(f"{entry.reason}; it is asked for again from {again.astimezone(UTC):%H:%M} UTC on")
        return _made(entry)

    def _make(self, wishes: list[Wish], now: datetime, until: float) -> dict[Wish, Made]:
        """The wishes for one picture."""
        try:
            found = origin(wishes[0].address, self.sites.get(wishes[0].source))
            if isinstance(found, Local):
                raw = found.read()
                return {wish: self._shaped(raw, _key(found, wish.slot), Entry(), wish.slot) for wish in wishes}
            return self._from_the_web(found, wishes, now, until)
        except PictureError as error:
            return dict.fromkeys(wishes, error)

    def _from_the_web(self, found: Remote, wishes: list[Wish], now: datetime, until: float) -> dict[Wish, Made]:
        keys = {wish: _key(found, wish.slot) for wish in wishes}
        before = {wish: self.media.entry(key) for wish, key in keys.items()}
        had = {wish: entry for wish, entry in before.items() if entry and entry.asked}
        validators = dict(had[wishes[0]].validators) if len(had) == len(wishes) else {}
        asked, left = now.isoformat(), min(self.seconds_each, until - time.monotonic())
        if left <= 0:
            return {wish: _made(had[wish]) if wish in had else self._too_late() for wish in wishes}
        try:
            answer = self._fetched(found, validators, left)
        except PictureError as error:
            failed = {wish: had.get(wish, Entry(reason=str(error))) for wish in wishes}
            if left == self.seconds_each:  # all the time that there is, so nobody else's slowness is to blame
                for wish, entry in failed.items():
                    self._note(keys[wish], replace(entry, failed=asked))
            return {wish: _made(entry) for wish, entry in failed.items()}
        if answer is None:
            return {wish: self._still(keys[wish], replace(had[wish], asked=asked, failed="")) for wish in wishes}
        told = Entry(asked=asked, validators=tuple(sorted(answer.validators.items())))
        return {wish: self._shaped(answer.body, keys[wish], told, wish.slot) for wish in wishes}

    def _fetched(self, found: Remote, validators: Mapping[str, str], seconds: float) -> Download | None:
        """None only where there are validators, and with them a picture from before. Raises PictureError."""
        try:
            answer = self.fetch(found.address, validators, seconds)
        except NewsletterError as error:
            told = _WHERE.sub("", str(error), count=1).rstrip(".")
        else:
            if answer is not None or validators:
                return answer
            told = "the server says that it has not changed (304), though nobody had it before"
        missing = f"it is not in {found.lacking}, and not on the web: " if found.lacking else ""
        raise PictureError(missing + told)

    def _note(self, key: str, entry: Entry) -> None:
        """A folder that takes nothing is told of by pictures that were made."""
        with contextlib.suppress(PictureError):
            self.media.register(key, entry)

    def _still(self, key: str, entry: Entry) -> Made:
        self.media.register(key, entry)
        return _made(entry)

    def _shaped(self, raw: bytes, key: str, told: Entry, slot: PictureSlot) -> Made:
        """Shapes a picture and registers it, or why it cannot be shaped: that too is found out once only."""
        try:
            with self._bench:
                shaped = self.shape(raw, slot)
        except PictureError as error:
            entry = replace(told, reason=str(error))
        else:
            entry = replace(told, name=self.media.keep(shaped))
        self.media.register(key, entry)
        return _made(entry)


def _await(tasks: Iterable[Future[dict[Wish, Made]]], patience: float) -> None:
    """Until all are done, or none has been for `patience` seconds: a name server may keep one waiting for ever."""
    pending = set(tasks)
    while pending:
        done, pending = wait(pending, timeout=patience, return_when=FIRST_COMPLETED)
        if not done:
            return


def _key(found: Local | Remote, slot: PictureSlot) -> str:
    where = (str(found.path), found.state) if isinstance(found, Local) else (found.address,)
    return repr((VERSION, *where, slot.name, slot.width, slot.height))


def _is_fresh(entry: Entry, now: datetime) -> bool:
    return any(
        at and now - datetime.fromisoformat(at) < age for at, age in ((entry.asked, FRESH), (entry.failed, CALM))
    )


def _made(entry: Entry) -> Made:
    return PictureError(entry.reason) if entry.reason else entry.name

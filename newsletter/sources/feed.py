"""The `feed` source: RSS, Atom or JSON Feed, from the web or from a file."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from newsletter.domain.post import Skipped
from newsletter.domain.urls import canonical
from newsletter.errors import SourceError
from newsletter.sources.base import Item, Reading, SourceState, of_other_categories
from newsletter.sources.feed_entry import Entry, Feed, Making, fingerprint
from newsletter.sources.feed_json import parse_json
from newsletter.sources.feed_sniff import what_it_is
from newsletter.sources.feed_xml import parse_xml
from newsletter.sources.fetch import LIMITS, AskLater, Limits, fetch

_READER = "3"  # raised whenever the same document would be read otherwise than before
_ACCEPT = "application/feed+json, application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class _Document:
    body: bytes
    content_type: str
    base: str  # the address it came from, "" for a file
    state: Mapping[str, str]


@dataclass(frozen=True)
class FeedSource:
    """`url` is an http(s) address, or a file's path, relative to `base` (the folder of config.yaml).

    With `categories`, only entries in one of them count (in any case of letters). `site` is named to servers.
    """

    name: str
    url: str
    categories: tuple[str, ...]
    base: Path
    site: str = ""
    limits: Limits = LIMITS
    type: str = "feed"

    def read(self, state: SourceState, now: datetime) -> Reading:
        """Raises SourceError; its `state`, when it has one, is to be kept all the same."""
        known = dict(state.values) if state.values.get("asked") == self._asked() else {}
        document = self._web(known, now) if self._is_web() else self._file()
        digest = hashlib.sha256(document.body).hexdigest()[:32] if document else ""
        if document is None or (digest == known.get("digest") and not _due(known, now)):
            kept = {**known, **(document.state if document else {})}
            kept.pop("not_before", None)
            return Reading(iter(()), SourceState(kept), complete=False, unchanged=True)
        feed = self._parsed(document)
        keyed = _keyed(entry for entry in feed.entries if self._wanted(entry))
        seen = _first_seen(known, keyed, now)
        moved = document.state.get("moved_to")
        remembered = {"asked": self._asked(), "digest": digest, **document.state}
        if seen:
            remembered["first_seen"] = json.dumps(seen)
        if waiting := [entry.date for _, entry in keyed if entry.date and entry.date > now]:
            remembered["due"] = min(waiting).isoformat()
        if elsewhere := {e.link: e.categories for e in feed.entries if e.link and not self._wanted(e)}:
            remembered["left_out"] = json.dumps(elsewhere)
        home = feed.home if not document.base else document.base
        items = _items(self.name, home, keyed, seen, now)
        warnings = [f"{self.url}: moved for good to {moved}; write that into config.yaml."] if moved else []
        if feed.left:
            read = f"only its first {len(feed.entries):,} entries are read"
            warnings.append(f"{self.url}: {read}, not the {feed.left:,} behind them.")
        return Reading(iter(items), SourceState(remembered), complete=False, warnings=warnings)

    def left_out(self, state: SourceState, post: str, now: datetime) -> str | None:
        """As the feed was when it was read last."""
        if state.values.get("asked") != self._asked():
            return None
        page = canonical(post)
        for link, categories in json.loads(state.values.get("left_out", "{}")).items():
            if post == link or ("://" in post and canonical(link) == page):
                return of_other_categories(self.name, self.categories, categories)
        return None

    def zone(self) -> None:
        """Entries have moments; in which zone their writers live is not said."""

    def home(self) -> None:
        return None

    def _asked(self) -> str:
        """Changes when the same answer would have to be read anew."""
        asked = repr((_READER, self.name, self.url, self.categories))
        return hashlib.sha256(asked.encode()).hexdigest()[:16]

    def _is_web(self) -> bool:
        return self.url.lower().startswith(("http://", "https://"))

    def _web(self, known: Mapping[str, str], now: datetime) -> _Document | None:
        """None when nothing has changed since the last reading."""
        wait = known.get("not_before")
        if wait and now < datetime.fromisoformat(wait):
            raise SourceError(f"{self.url}: the server asked not to be asked before {wait}; the next reading will see.")
        headers = {"Accept": _ACCEPT, "User-Agent": f"newsletter (+{self.site})" if self.site else "newsletter"}
        if not _due(known, now):
            headers |= {name: known[key] for name, key in _VALIDATORS if key in known}
        try:
            answer = fetch(self.url, headers, now, self.limits)
        except AskLater as later:
            kept = {**known, "asked": self._asked(), "not_before": later.until.isoformat()}
            raise SourceError(str(later), state=kept) from None
        if answer.status == 304:
            return None
        told = {key: answer.headers[name.lower()] for name, key in _ANSWERED if name.lower() in answer.headers}
        if answer.moved_to:
            told["moved_to"] = answer.moved_to
        return _Document(answer.body, answer.headers.get("content-type", ""), answer.url, told)

    def _file(self) -> _Document:
        name = unquote(urlsplit(self.url).path) if self.url.lower().startswith("file:") else self.url
        path = self.base / name
        try:
            if path.exists() and not path.is_file():  # a pipe, say, would be waited for
                raise SourceError(f"{path}: this is no file; a feed's url is a web address or a file's path.")
            with path.open("rb") as file:
                body = file.read(self.limits.size + 1)
        except FileNotFoundError:
            raise SourceError(f"{path}: no such file; a feed's url is a web address or a file's path.") from None
        except (OSError, ValueError) as error:
            raise SourceError(f"{path}: cannot be read: {error}.") from None
        if len(body) > self.limits.size:
            raise SourceError(f"{path}: larger than {self.limits.size / 1_000_000:g} MB, which no feed is.")
        return _Document(body, "", "", {})

    def _parsed(self, document: _Document) -> Feed:
        place = document.base or self.url
        if document.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
            return parse_json(document.body, place)
        feed = parse_xml(document.body, document.content_type, document.base)
        if feed is None:
            raise SourceError(f"{place}: {what_it_is(document.body, document.content_type, document.base)}")
        return feed

    def _wanted(self, entry: Entry) -> bool:
        wanted = {category.casefold() for category in self.categories}
        return not wanted or any(category.casefold() in wanted for category in entry.categories)


_VALIDATORS = (("If-None-Match", "etag"), ("If-Modified-Since", "last_modified"))
_ANSWERED = (("ETag", "etag"), ("Last-Modified", "last_modified"))


def _due(known: Mapping[str, str], now: datetime) -> bool:
    """Whether an entry's date, in the future when it was read, has come: then the same document says something new."""
    due = known.get("due")
    return bool(due) and datetime.fromisoformat(str(due)) <= now


def _keyed(entries: Iterator[Entry]) -> list[tuple[str, Entry]]:
    """Each entry with its stable key: its id, else its link; what several entries share is told apart by the rest."""
    distinct = _latest(dict.fromkeys(entries))
    shared = Counter(entry.ident or entry.link for entry in distinct)
    keyed: dict[str, Entry] = {}
    for entry in distinct:
        key = entry.ident or entry.link
        if not key or shared[key] > 1:
            rest = repr((entry.link, entry.title, "" if entry.title or entry.link != key else entry.body))
            key = f"{key}#{hashlib.sha256(rest.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
        keyed.setdefault(key, entry)
    return list(keyed.items())


def _latest(entries: Iterable[Entry]) -> list[Entry]:
    """Without the older versions of an entry: who shares id and link and says when it was updated (RFC 4287 §4.1.1)."""
    newest: dict[object, Entry] = {}
    for number, entry in enumerate(entries):
        same = (entry.ident, entry.link) if entry.ident and entry.updated else number
        before = newest.get(same)
        if before is None or not (before.updated and entry.updated) or entry.updated > before.updated:
            newest[same] = entry
    return list(newest.values())


def _first_seen(known: Mapping[str, str], keyed: Sequence[tuple[str, Entry]], now: datetime) -> dict[str, str]:
    """When each undated entry was seen for the first time, by its key."""
    before = json.loads(known.get("first_seen", "{}"))
    return {key: str(before.get(key, now.isoformat())) for key, entry in keyed if not entry.date}


def _items(
    source: str, home: str, keyed: Sequence[tuple[str, Entry]], seen: Mapping[str, str], now: datetime
) -> Iterator[Item | Skipped]:
    for key, entry in keyed:
        if not (entry.link or entry.title or entry.body):
            yield Skipped(key, "an entry with neither link nor title nor text")
            continue
        first_seen = datetime.fromisoformat(seen[key]) if key in seen else now
        yield Item(key, fingerprint(entry, now), Making(source, key, home, replace(entry), first_seen, now))

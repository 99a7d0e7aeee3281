"""Where a site's posts are: `_posts` and `_drafts` in any folder that Jekyll enters, and the files it takes there."""

from __future__ import annotations

import errno
import fnmatch
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from newsletter.domain.post import Skipped
from newsletter.errors import SourceError
from newsletter.sources.jekyll.site import Site

_DATED = re.compile(r"^(?>.+/)*?(\d{2,4}-\d{1,2}-\d{1,2})-([^/]*)(\.[^.]+)$", re.ASCII | re.MULTILINE)
_DATELESS = re.compile(r"^(?:.+/)*(.*)(\.[^.]+)$", re.MULTILINE)
_SPECIAL = (".", "_", "#", "~")
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Found:
    """A post's file: `path` below the site's root, `relative` below its collections' folder, `full` on disk."""

    path: str
    relative: str
    full: str


def find(site: Site) -> tuple[list[Found | Skipped], bool]:
    """What lies in the site's folders for posts and drafts, and whether it has any such folder. Raises SourceError."""
    walk = _Walk(site)
    return list(walk.folder("", 0)), walk.has_folder


def publishes(site: Site, path: str) -> bool:
    """Whether Jekyll puts what lies at `path` below the site's root on the web, be it no post at all."""
    walk, below = _Walk(site), ""
    for name in path.split("/"):
        below += f"/{name}"
        if not walk.takes(name, below, is_folder=Path(walk.root + below).is_dir()):
            return False
    return True


class _Walk:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.root = str(site.root)
        self.included = _matcher(site.include).match
        self.excluded = _matcher(tuple(each for each in site.exclude if each not in site.include)).match
        self.entered: set[str] = set()
        self.has_folder = False
        self.markdown = tuple(site.markdown)

    def folder(self, path: str, depth: int) -> Iterator[Found | Skipped]:
        """`path` is below the root and begins with / (the root itself is empty)."""
        here = self.root + path
        real = str(Path(here).resolve())
        if depth > _DEEPEST or real in self.entered:  # a link that leads back up
            return
        self.entered.add(real)
        if not self.site.collections_dir or path.startswith(f"/{self.site.collections_dir}"):
            yield from self.posts(path, "_posts", _DATED)
            yield from self.posts(path, "_drafts", _DATELESS)
        try:
            names = sorted(entry.name for entry in _listed(here) if _is_folder(entry))
        except OSError as error:
            yield Skipped(path[1:] or ".", f"this folder cannot be read: {error.strerror}")
            return
        for name in names:
            inside = f"{path}/{name}"
            if not self.takes(name, inside, is_folder=True) or inside[1:] == self.site.destination:
                continue
            if Path(self.root + inside).is_symlink() and self.leads_out(self.root + inside):
                yield self.refused(inside)
            else:
                yield from self.folder(inside, depth + 1)

    def takes(self, entry: str, below_root: str, *, is_folder: bool = False) -> bool:
        """Jekyll's filter: `entry` is as Jekyll lists it (below the folder it is listing)."""
        if entry.endswith("."):
            return False
        name = entry[entry.rfind("/") + 1 :]
        slash = "/" if is_folder else ""
        if self.included(f"/{entry}{slash}") or self.included(f"/{name}{slash}"):
            return True
        if self.excluded(below_root + slash):
            return False
        return entry[0] not in _SPECIAL and name[0] not in _SPECIAL and not entry.endswith("~")

    def posts(self, path: str, magic: str, names: re.Pattern[str]) -> Iterator[Found | Skipped]:
        base = f"{path}/{magic}"
        if not Path(self.root + base).is_dir():
            return
        self.has_folder = True
        if Path(self.root + base).is_symlink() and self.leads_out(self.root + base):
            yield self.refused(base)
            return
        cut = len(self.site.collections_dir) + 2 if self.site.collections_dir else 1
        for entry, is_link in self.files(self.root + base, ""):
            below_root = f"{base}/{entry}"
            if not self.takes(entry, below_root):
                continue
            if is_link and _leads_in_circles(self.root + below_root):
                yield Skipped(below_root[1:], "a link that leads back to itself; remove it")
            elif is_link and self.leads_out(self.root + below_root):
                yield self.refused(below_root)
            elif not _encodable(entry):
                yield Skipped(ascii(below_root[1:]), "its name is not UTF-8; rename it")
            elif names.search(entry):
                yield Found(below_root[1:], below_root[cut:], self.root + below_root)
            elif entry.lower().endswith(self.markdown):
                yield Skipped(below_root[1:], "its name holds no date; name it YYYY-MM-DD-title.md, as Jekyll needs it")

    def files(self, here: str, prefix: str) -> Iterator[tuple[str, bool]]:
        """Every file below, hidden ones and linked folders left out; whether it is a link.

        Raises SourceError when a folder cannot be read: its posts are not gone.
        """
        folders: list[str] = []
        names: list[tuple[str, bool]] = []
        try:
            entries = _listed(here)
        except OSError as error:
            raise SourceError(f"{here}: this folder cannot be read: {error.strerror}.") from None
        for entry in entries:
            if entry.name.startswith("."):
                continue
            link = entry.is_symlink()
            if _is_folder(entry):
                if not link:
                    folders.append(entry.name)
            elif link or entry.is_file():
                names.append((prefix + entry.name, link))
        yield from sorted(names)
        for name in sorted(folders):
            yield from self.files(f"{here}/{name}", f"{prefix}{name}/")

    def leads_out(self, path: str) -> bool:
        return not Path(path).resolve().is_relative_to(self.root)

    def refused(self, path: str) -> Skipped:
        return Skipped(path[1:], "a link that leads out of the site; copy what it leads to into the site")


def _listed(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _leads_in_circles(path: str) -> bool:
    try:
        Path(path).stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _encodable(name: str) -> bool:
    return name.isascii() or not any("\ud800" <= char <= "\udfff" for char in name)


def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str] | _Never:
    """Whether a path (beginning with /, folders ending with /) is one of `patterns` or begins with one."""
    if not patterns:
        return _Never()
    alternatives = []
    for pattern in patterns:
        bare = "/" + re.sub(r"/{2,}", "/", pattern).removeprefix("/")
        alternatives.append(re.escape(bare))
        if any(char in bare for char in "*?["):
            alternatives.append(fnmatch.translate(bare.removesuffix("/")).replace(r"\Z", r"/?\Z"))
    return re.compile("|".join(alternatives))


class _Never:
    def match(self, path: str) -> None:
        return None

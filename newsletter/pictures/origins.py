"""Where a picture comes from: a file of the site's folder, or the web."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from newsletter.domain.picture import MOST_BYTES
from newsletter.errors import PictureError


@dataclass(frozen=True, slots=True)
class LocalSite:
    """A site whose folder is on this machine: what lies below `address` on the web lies below `folder` here."""

    address: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Local:
    """A file there is; `state` changes when it does."""

    path: Path
    state: str

    def read(self) -> bytes:
        """Raises PictureError."""
        try:
            with self.path.open("rb") as file:
                return file.read(MOST_BYTES + 1)
        except OSError as error:
            raise PictureError(f"it cannot be read ({(error.strerror or str(error)).lower()})") from None


@dataclass(frozen=True, slots=True)
class Remote:
    """`lacking`: the site's folder, where it was looked for first."""

    address: str
    lacking: Path | None = None


def file_at(path: Path) -> Local:
    """A file that the operator names. Raises PictureError when there is none."""
    try:
        found = path.stat() if path.is_file() else None
    except (OSError, ValueError):
        found = None
    if found is None:
        raise PictureError("there is no such file")
    return Local(path, _state(found))


def origin(address: str, site: LocalSite | None) -> Local | Remote:
    """A file of `site` where it has one, else the web. Raises PictureError for what leads out of the folder."""
    below = _below(address, site) if site else None
    if site is None or below is None:
        return Remote(address)
    try:
        root = site.folder.resolve()
        path = (root / below).resolve()
        if posixpath.normpath(below).startswith("..") or not path.is_relative_to(root):
            raise PictureError(f"it leads out of the site's folder {site.folder}; copy the picture into it")
        found = path.stat() if path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # a name that is too long, holds NUL, or whose links lead in a circle
        found = None
    if found is None:
        return Remote(address, site.folder)
    return Local(path, _state(found))


def _state(found: os.stat_result) -> str:
    return f"{found.st_size}:{found.st_mtime_ns}"


def _below(address: str, site: LocalSite) -> str | None:
    """The path below the site's folder. https or http makes no difference."""
    try:
        asked, own = urlsplit(address), urlsplit(site.address)
    except ValueError:
        return None
    home = own.path.rstrip("/") + "/"
    path = unquote(asked.path)
    if asked.netloc.lower() != own.netloc.lower() or not path.startswith(home):
        return None
    return path.removeprefix(home).lstrip("/")

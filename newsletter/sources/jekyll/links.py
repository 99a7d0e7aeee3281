"""Where `{% post_url %}` and `{% link %}` lead."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from newsletter.errors import PostError
from newsletter.sources.jekyll import document
from newsletter.sources.jekyll.site import Site
from newsletter.sources.jekyll.walk import Found

_NAME = re.compile(r"(.+/)*(\d+-\d+-\d+)-(.*)\Z", re.ASCII)


class Links:
    """The site's posts by the names that tags call them. A post is read only when one links to it."""

    def __init__(self, site: Site, posts: list[Found], now: datetime) -> None:
        self.site, self.posts, self.now = site, posts, now
        self._by_path: dict[str, Found] = {}
        self._by_stem: dict[str, list[Found]] = {}
        self._urls: dict[str, str | None] = {}

    def post(self, name: str) -> str | None:
        """The path of the URL of a post named as in `{% post_url 2024-05-01-title %}`; None when there is none."""
        asked = _NAME.match(name.strip().removeprefix("/"))
        if not asked:
            return None
        folder, stem = asked[1] or "", f"{asked[2]}-{asked[3]}"
        self._index()
        for found in self._by_stem.get(stem, ()):
            path = found.relative
            if path.startswith((f"_posts/{folder}{stem}.", f"{folder}_posts/{stem}.")):
                return self._url(found)
        same_name = self._by_stem.get(stem) or [each for each in self.posts if _same(each, asked[2], asked[3])]
        return self._url(same_name[0]) if same_name else None

    def file(self, path: str) -> str | None:
        """The path of the URL of any file of the site, named below its root."""
        path = path.strip().lstrip("/")
        self._index()
        if path in self._by_path:
            return self._url(self._by_path[path])
        on_disk = (self.site.root / path).resolve()
        if not path or not on_disk.is_relative_to(self.site.root) or not on_disk.is_file():
            return None
        return self._page(path, on_disk)

    def _page(self, path: str, on_disk: Path) -> str:
        stem, _, extension = path.rpartition(".")
        if f".{extension.lower()}" not in self.site.markdown and extension.lower() != "html":
            return f"/{path}"
        try:
            own = document.read(self.site, Found(path, path, str(on_disk)), on_disk.read_bytes(), self.now)
            if permalink := own.data.get("permalink"):
                return "/" + str(permalink).lstrip("/")
        except (PostError, OSError):
            pass
        if stem.rpartition("/")[2] == "index":
            return "/" + stem[: -len("index")]
        return f"/{stem}/" if self.site.permalink.endswith("/") else f"/{stem}.html"

    def _index(self) -> None:
        if self._by_path:
            return
        for found in self.posts:
            self._by_path[found.path] = self._by_path[found.relative] = found
            stem = found.relative.rpartition("/")[2].rpartition(".")[0]
            self._by_stem.setdefault(stem, []).append(found)

    def _url(self, found: Found) -> str | None:
        if found.path not in self._urls:
            try:
                raw = Path(found.full).read_bytes()
                self._urls[found.path] = document.read(self.site, found, raw, self.now).url
            except (PostError, OSError):
                self._urls[found.path] = None
        return self._urls[found.path]


def _same(found: Found, date: str, slug: str) -> bool:
    """2024-5-1-title and 2024-05-01-title are one name."""
    asked = re.fullmatch(r"(.+/)*(\d+-\d+-\d+)-(.*)\.[^.]+", found.relative)
    return bool(asked) and asked is not None and asked[3] == slug and _numbers(asked[2]) == _numbers(date)


def _numbers(date: str) -> list[int]:
    return [int(part) for part in date.split("-")]

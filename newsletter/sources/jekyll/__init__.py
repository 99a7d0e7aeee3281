"""The `jekyll` source: a site's folder, read as Jekyll 4.3 reads it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from newsletter.errors import SourceError
from newsletter.sources.base import Home, Reading, SourceState, of_other_categories
from newsletter.sources.jekyll import walk
from newsletter.sources.jekyll.items import Items
from newsletter.sources.jekyll.left_out import left_out
from newsletter.sources.jekyll.limit import newest
from newsletter.sources.jekyll.site import Site, read_site


class JekyllSource:
    """`root` is the site's folder, `url` overrides its address, `categories` (any case) choose posts; none: all."""

    type = "jekyll"

    def __init__(self, name: str, root: Path, url: str | None = None, categories: tuple[str, ...] = ()) -> None:
        self.name, self.root, self.url, self.wanted = name, root, url, categories
        self.categories = frozenset(category.strip().casefold() for category in categories)

    def read(self, state: SourceState, now: datetime) -> Reading:
        """Raises SourceError when there is no such folder, no place for posts in it, or a _config.yml that is none."""
        site = self._site()
        found, has_folder = walk.find(site)
        if not has_folder:
            raise SourceError(_no_posts(self.root))
        items = Items(self.name, self.categories, site, newest(site, found, now), now)
        after: dict[str, str] = {}
        return Reading(items.read(state.values, after), SourceState(after), complete=True, warnings=items.warnings)

    def left_out(self, state: SourceState, post: str, now: datetime) -> str | None:
        """Looks at the files, as they are now."""
        site = self._site()
        found, _ = walk.find(site)
        shown = {each.path for each in newest(site, found, now) if isinstance(each, walk.Found)}
        items = Items(self.name, self.categories, site, found, now)
        return left_out(items, shown, post, lambda own: of_other_categories(self.name, self.wanted, own.categories))

    def home(self) -> Home:
        site = self._site()
        return Home(site.url + site.baseurl, site.root)

    def zone(self) -> str:
        zone = self._site().zone
        return zone.key if isinstance(zone, ZoneInfo) else "UTC"

    def _site(self) -> Site:
        if not self.root.is_dir():
            raise SourceError(f"{self.root}: there is no such folder; name the site's root in `path`.")
        return read_site(self.root.resolve(), self.url)


def _no_posts(root: Path) -> str:
    if root.resolve().name in ("_posts", "_drafts"):
        return f"{root}: this is a site's {root.resolve().name} folder; name the folder above it in `path`."
    return f"{root}: there is no _posts folder in it or below; name a Jekyll site's root in `path`."

"""`limit_posts:` of _config.yml: of what a site would show, only the newest posts stand on it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from newsletter.domain.post import PostState, Skipped
from newsletter.errors import PostError
from newsletter.sources.jekyll import document
from newsletter.sources.jekyll.post import modified, state
from newsletter.sources.jekyll.site import Site
from newsletter.sources.jekyll.walk import Found


def newest(site: Site, found: list[Found | Skipped], now: datetime) -> list[Found | Skipped]:
    """`found` without the posts past the site's limit; what it does not show anyway, or cannot read, stays."""
    if not site.limit_posts:
        return found
    shown = sorted(
        (date, each.path) for each in found if isinstance(each, Found) and (date := _shown(site, each, now)) is not None
    )
    past = {path for _, path in shown[: -site.limit_posts]}
    return [each for each in found if isinstance(each, Skipped) or each.path not in past]


def _shown(site: Site, found: Found, now: datetime) -> datetime | None:
    try:
        doc = document.read(site, found, Path(found.full).read_bytes(), now, modified(found))
    except (PostError, OSError):
        return None
    return doc.date if state(site, doc, now) is PostState.PUBLISHED else None

"""How a newsletter's stories get their pictures, made from its Config. Beside app.py on the third floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from newsletter.app import App
from newsletter.domain.edition import Edition
from newsletter.domain.picture import slots_of
from newsletter.errors import PictureError, SourceError
from newsletter.text import media

if TYPE_CHECKING:
    from newsletter.pictures.media import Media
    from newsletter.pictures.origins import LocalSite
    from newsletter.pictures.values import Download, Fetch
    from newsletter.services.illustrate import Illustrator

_ACCEPT = "image/jpeg,image/png,image/webp,image/avif,image/gif,image/svg+xml;q=0.9,*/*;q=0.1"
_VALIDATORS = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))


def illustrator(app: App, edition: Edition, tell: Callable[[str], None] = lambda host: None) -> Illustrator | None:
    """None when the newsletter wants no pictures. `tell` hears each host that is asked for one, from any thread."""
    how = app.newsletter(edition.newsletter).pictures
    if how == "none":
        return None
    from newsletter.pictures.workshop import Workshop
    from newsletter.services.illustrate import Illustrator

    workshop = Workshop(media_folder(app), _sites(app, edition.newsletter), _fetch(app, tell))
    base = (app.config.media_url or f"{app.config.site.url}/media").rstrip("/")
    src = media.cid if how == "embed" else lambda name: f"{base}/{name}"
    return Illustrator(workshop, src, slots_of(edition.theme.name))


def media_folder(app: App) -> Media:
    from newsletter.pictures.media import Media

    return Media(app.config.resolve(app.config.media))


def picture_file(app: App, name: str) -> bytes | None:
    """From the media folder, or from the database, which has those that travel with mails."""
    from newsletter.store import pictures

    if not media.is_name(name):
        return None
    try:
        return media_folder(app).read(name)
    except PictureError:
        with app.database.read() as connection:
            return pictures.find(connection, name)


def pictures_of(app: App, html: str) -> dict[str, bytes]:
    """Our own pictures that a mail shows, by name; one that is gone is left out."""
    files = {name: picture_file(app, name) for name in media.shown(html)}
    return {name: data for name, data in files.items() if data is not None}


def with_pictures_beside(app: App, html: str, folder: Path) -> str:
    """A mail's HTML that shows its pictures without anybody serving them: they are written into `folder`/media."""
    found = pictures_of(app, html)
    for name, data in found.items():
        (folder / "media").mkdir(parents=True, exist_ok=True)
        (folder / "media" / name).write_bytes(data)
    return media.relocated(html, lambda name: f"media/{name}" if name in found else None)


def _sites(app: App, newsletter: str) -> dict[str, LocalSite]:
    """The sites whose folders are on this machine. One that cannot be read was told of when it was collected."""
    from newsletter.pictures.origins import LocalSite

    found: dict[str, LocalSite] = {}
    for source in app.sources(newsletter):
        try:
            home = source.home()
        except SourceError:
            continue
        if home:
            found[source.name] = LocalSite(home.address, home.folder)
    return found


def _fetch(app: App, tell: Callable[[str], None]) -> Fetch:
    """Through the guard: posts name what they like, private addresses too."""
    from newsletter.pictures.values import Download
    from newsletter.sources.fetch import fetch_picture

    def fetch(address: str, validators: Mapping[str, str], seconds: float) -> Download | None:
        tell(urlsplit(address).netloc.rpartition("@")[2])
        own = {"Accept": _ACCEPT, "User-Agent": f"newsletter (+{app.config.site.url})"}
        answer = fetch_picture(address, {**own, **validators}, app.clock(), seconds)
        if answer.status == 304:
            return None
        return Download(answer.body, {ask: answer.headers[told] for told, ask in _VALIDATORS if told in answer.headers})

    return fetch

"""What of ours Jekyll would put on the web with the site in whose folder config.yaml stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from newsletter.app import App
from newsletter.config import Config
from newsletter.doctor.symptom import Symptom, warning
from newsletter.errors import SourceError
from newsletter.sources.jekyll.site import Site, read_site
from newsletter.sources.jekyll.walk import publishes

AREA = "site"
# Beside config.yaml: what commands write there, and lists of readers.
OURS = ("preview", "outbox", "*.csv", "*.db")


def examine(app: App) -> Iterator[Symptom]:
    for root in sorted(app.config.sites_around):
        try:
            site = read_site(root, None)
        except SourceError:  # it cannot be read, and that is a symptom of the source
            continue
        if names := list(_published(app.config, site)):
            told = f"Jekyll publishes {', '.join(names)} with your site."
            excluded = ", ".join(dict.fromkeys((*_excluded(site), *names)))
            remedy = f"Say in _config.yml: `exclude: [{excluded}]`, or move it into a folder like _newsletter."
            yield warning(AREA, told, remedy)


def _excluded(site: Site) -> list[str]:
    """What _config.yml excludes already: a second `exclude:` would undo it."""
    written = site.values.get("exclude") or []
    return [str(one) for one in written] if isinstance(written, list) else [str(written)]


def _published(config: Config, site: Site) -> Iterator[str]:
    folder = config.folder.resolve()
    ours = [folder / config.file_name, *sorted(path for name in OURS for path in folder.glob(name)), *_notes(config)]
    for path in dict.fromkeys(ours):
        if path.is_relative_to(site.root) and publishes(site, name := path.relative_to(site.root).as_posix()):
            yield name


def _notes(config: Config) -> Iterator[Path]:
    """Editors' notes that are written already: readers should have them first."""
    for own in config.newsletters.values():
        for note in (own.note, *(edition.note for edition in own.editions.values())):
            if note and (place := config.resolve(note).resolve()).is_file():
                yield place

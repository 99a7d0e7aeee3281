"""Draws docs/gallery: the demo's issue in every theme and the mails about a subscription, as mail programs show them.

Needs Chromium; run it by `make gallery`. The sample's dates and the letters' fonts are fixed, and its mails come from
the same services as those that are sent: only a changed design changes a picture.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from newsletter.app import App, open_app
from newsletter.cli.notice_preview import write_notices
from newsletter.config import load
from newsletter.demo.sample import lay_out
from newsletter.domain.issue import Issue
from newsletter.domain.theme import THEMES, ThemeName
from newsletter.illustrating import illustrator, pictures_of
from newsletter.note_file import note_of
from newsletter.previewing import eyes, look
from newsletter.services.collect import collect
from newsletter.services.importing import Target, import_file
from newsletter.services.publish import build
from newsletter.text.render import NOTICES
from tests.mail_program import (
    CHROMIUM,
    INVERTED,
    LARGE_TEXT,
    NO_PICTURES,
    NO_STYLE,
    OUTLOOK_DARK,
    PARTLY_INVERTED,
    Look,
    MailProgram,
    Pictures,
    launch,
    mail_program,
)
from tests.mails import issue_mail
from tests.scenes import scene

GALLERY = Path(__file__).parent.parent / "docs" / "gallery"
NOW = datetime(2026, 6, 13, 7, tzinfo=UTC)  # a day after the sample's newest post: no date needs moving
NEWSLETTER = "tech-decoded"
NOTE = "Three people wrote to ask whether the ferry really sailed in a circle. It did, and there is a map."
TITLE = "    name: Tech Decoded\n"
BEST = {"classic-wide": 1300, "magazine-phone-dark": 812, "letter-wide": 1300}  # for README.md: px from the top
ENVIRONMENT = {
    "NEWSLETTER_SITE__URL": "https://news.example.org",
    "NEWSLETTER_SECRET": "no secret, for a gallery that is the same each time",
}
TOKEN = re.compile(r"(/(?:confirm|address)/)[\w.-]+")  # carries the time at which it was made
BESIDE = 4  # pictures in a row of the index
INTRODUCTION = """# Gallery

Every picture is drawn by `make gallery` from the sample of `newsletter demo`: the message's own bytes in Chromium,
as a mail program would show them. How a theme is chosen, and what of it you can change, tells
[the guide](../guide/templates.md). What is seen here is measured in `tests/browser`.
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of the gallery: its file without `.png`, and what it shows."""

    name: str
    caption: str
    look: Look


WIDE, PHONE, NIGHT = Look(600), Look(375), Look(375, "dark")
EVERY_THEME = (
    Shot("wide", "600 px", WIDE),
    Shot("phone-dark", "a phone at night", NIGHT),
)
# What tells most, in the theme where it tells most.
MORE = {
    "classic": (
        Shot("wide-dark", "600 px at night", Look(600, "dark")),
        Shot("phone", "a phone by day", PHONE),
        Shot("inverted", "Gmail on iOS turns all colours round", Look(375, program=INVERTED)),
        Shot("no-style", "Gmail without style sheets", Look(375, program=NO_STYLE)),
        Shot("large-text", "text at 200 %", Look(375, program=LARGE_TEXT)),
    ),
    "brief": (Shot("outlook-dark", "Outlook at night, by its own marks", Look(program=OUTLOOK_DARK)),),
    "magazine": (
        Shot("partly-inverted", "Gmail on Android turns light colours round", Look(375, program=PARTLY_INVERTED)),
        Shot("no-pictures", "without pictures", Look(program=NO_PICTURES)),
    ),
    "letter": (Shot("no-style", "Gmail without style sheets", Look(375, program=NO_STYLE)),),
}
# Chinese is missing: most machines that draw this have no letters for it, nor for most emoji.
TONGUES: tuple[tuple[str, str, ThemeName], ...] = (
    ("ar", "Arabic, from right to left", "classic"),
    ("ar", "Arabic, from right to left", "magazine"),
    ("de", "German, with long words", "classic"),
)
NOTICE_LOOKS = (Shot("light", "light", PHONE), Shot("dark", "dark", NIGHT))


def main() -> None:
    if CHROMIUM is None:
        raise SystemExit("The gallery needs Chromium. On Debian or Ubuntu: sudo apt-get install chromium")
    GALLERY.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = launch(playwright)
        parts = [_sample(browser, Path(scratch)), _tongues(browser)]
        browser.close()
    page = "\n".join([INTRODUCTION, *parts])
    (GALLERY / "README.md").write_text(page, "utf-8")
    for name, height in BEST.items():
        _top(GALLERY / f"{name}.png", height).save(GALLERY / f"top-{name}.png", optimize=True)
    for old in GALLERY.glob("*.png"):
        if f"({old.name})" not in page and old.stem.removeprefix("top-") not in BEST:
            old.unlink()
    pictures = list(GALLERY.glob("*.png"))
    size = sum(picture.stat().st_size for picture in pictures)
    sys.stdout.write(f"docs/gallery: {len(pictures)} pictures, {size / 1e6:.1f} MB\n")


def _sample(browser: Browser, folder: Path) -> str:
    """The demo's issue in each theme, and its notices in the first."""
    config = lay_out(folder / "demo", NOW)
    (config.parent / "note.md").write_text(NOTE, "utf-8")
    plain = config.read_text("utf-8")
    parts = []
    for name in THEMES:
        config.write_text(plain.replace(TITLE, f"{TITLE}    theme: {name}\n    note: note.md\n", 1), "utf-8")
        app = open_app(load(config, ENVIRONMENT), lambda: NOW)
        issue = _draft(app)
        html = look(app, issue, eyes(app, issue, None)).message.html
        program = mail_program(browser, _pictures(app, html))
        parts.append(_section(name, [(shot, html) for shot in (*EVERY_THEME, *MORE[name])], program))
        if name == THEMES[0]:
            notices = _notices(app, issue, folder, program)
        app.database.close()
    return "\n".join([*parts, notices])


def _draft(app: App) -> Issue:
    edition = app.editions(NEWSLETTER)[0]
    readers = Target(NEWSLETTER, edition.key, tuple(e.key for e in app.editions(NEWSLETTER)), origin="subscribers.csv")
    with app.config.resolve("subscribers.csv").open("rb") as file:
        import_file(app.database, app.signer, file, readers, NOW)
    collect(app.database, NEWSLETTER, app.sources(NEWSLETTER), NOW)
    issue = build(
        app.database,
        edition,
        app.renderer,
        NOW,
        NOW,
        note=note_of(app, NEWSLETTER, edition.key),
        illustrator=illustrator(app, edition),
    )
    if issue is None:
        raise SystemExit("The sample gave no issue: its posts are too old or gone. See newsletter/demo/site.")
    return issue


def _pictures(app: App, html: str) -> Pictures:
    files = pictures_of(app, html)
    return lambda address: files.get(address.rpartition("/")[2])


def _notices(app: App, issue: Issue, folder: Path, program: MailProgram) -> str:
    write_notices(app, issue, "all", folder)
    shown = [
        (replace(shot, name=f"{kind}-{shot.name}", caption=f"{kind}, {shot.caption}"), html)
        for kind in NOTICES
        for html in [
            TOKEN.sub(r"\1eyJzIjoxMjM0NX0.ZxQ3vQ.k3Jd9aVbTq0", (folder / f"notice-{kind}.html").read_text("utf-8"))
        ]
        for shot in NOTICE_LOOKS
    ]
    return _section("notices", shown, program)


def _tongues(browser: Browser) -> str:
    shown = [
        (Shot(f"{tongue}-{name}", f"{said}: {name}", PHONE), issue_mail(name, tongue).html)
        for tongue, said, name in TONGUES
    ]
    return _section("languages", shown, mail_program(browser, scene))


def _section(title: str, shown: list[tuple[Shot, str]], program: MailProgram) -> str:
    """Draws what is shown; its part of the index: a row of captions, a row of pictures."""
    cells = []
    for shot, html in shown:
        file = f"{title}-{shot.name}.png"
        (GALLERY / file).write_bytes(_smaller(program.picture(html, shot.look)))
        sys.stdout.write(f"docs/gallery/{file}\n")
        cells.append((shot.caption, f"[![{title}: {shot.caption}]({file})]({file})"))
    rows = [cells[start : start + BESIDE] for start in range(0, len(cells), BESIDE)]
    return f"\n## {title.capitalize()}\n" + "".join(_table(row) for row in rows)


def _table(cells: list[tuple[str, str]]) -> str:
    captions, pictures = zip(*cells, strict=True)
    lines = (captions, ["---"] * len(cells), pictures)
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _top(path: Path, height: int) -> Image.Image:
    picture = Image.open(path)
    return picture.crop((0, 0, picture.width, height))


def _smaller(png: bytes) -> bytes:
    """The same picture in 256 colours: a third of the bytes, and hard to tell apart."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    file = io.BytesIO()
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    main()

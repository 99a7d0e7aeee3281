"""A digest, an edition and a reader to render: invented, and with the traits of real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2

from newsletter.domain.digest import Also, Digest, DigestStory
from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue, IssueState, IssueStory
from newsletter.domain.picture import THUMB, WIDE, Picture
from newsletter.domain.subscriber import Reader
from newsletter.text.issue_links import IssueLinks
from newsletter.text.render import Rendered, Renderer

TEMPLATES = Path(__file__).parent.parent / "templates"
DATE = datetime(2026, 11, 20, 8, tzinfo=ZoneInfo("Europe/London"))
SITE = "https://news.example.org"
LINKS = IssueLinks(
    f"{SITE}/archive/tech-decoded/12", f"{SITE}/archive/tech-decoded", f"{SITE}/subscribe/tech-decoded?edition=uk"
)
EDITION = Edition(
    newsletter="tech-decoded",
    key="uk",
    name="Tech Decoded",
    newsletter_name="Tech Decoded",
    sender="Tech Decoded <hello@example.org>",
    site_name="The Example",
    site_url=SITE,
    tagline="The week in technology, told plainly",
    intro="Good morning. A harbour that runs on tides, a browser that forgets on purpose, and the spare part "
    "that took down a city’s trams. Read the third one twice.",
    language="en-GB",
    timezone="Europe/London",
    postal_address="The Example, 1 Example Street, London N1 1AA",
    unsubscribe_mailbox="leave@example.org",
    siblings=(("world", "Tech Decoded World"),),
)
READER = Reader(
    email="ada@example.org",
    name="Ada Whitlock",
    unsubscribe_url=f"{SITE}/unsubscribe/{'Zk9-' * 20}",
    preferences_url=f"{SITE}/preferences/{'b_3x' * 20}",
    message_id="12.7.0123456789abcdef@example.org",
    since="3 March 2026",
)
_TOLD = (
    ("A harbour town wires its tide mill to the data hall", "Energy", "Harbour Post", 6),
    ("The browser that forgets on purpose", "Privacy", "Example Times", 4),
    ("One spare part, four hundred silent trams", "Transport", "Example Times", 5),
    ("Satellite firm asks farmers to switch off their gates", "Space", "Field Notes", 3),
    ("Why the new rail tickets cannot be printed", "Transport", "Example Times", 4),
    ("An open map of every public charging post", "Maps", "Harbour Post", 2),
    ("Schools swap tablets for paper, then swap half of them back", "Schools", "Field Notes", 7),
    ("A compiler that explains its own mistakes", "Code", "Example Times", 5),
    ("Ten years of repairs, promised in writing", "Repair", "Harbour Post", 3),
    ("The quiet return of the pocket radio", "Sound", "Field Notes", 4),
)
_ROWS = (
    "Sea water cools four halls of servers, and the warmth it carries away heats the swimming baths next door.",
    "It opens every page as if for the first time. Its makers say that is the point; shops say it is a war.",
    "A bearing the size of a coin stopped a whole city for a morning. Two factories in the world make it.",
    "The gates open by radio, the radio shares a band, and nobody asked the sheep.",
    "The paper is fine and the printers work. It is the clock inside the code that nobody can agree on.",
    "Volunteers walked past eleven thousand of them. One in nine was a bin.",
    "Handwriting is back for the under-tens. For the over-tens, so is the argument.",
    "Instead of an error number it tells a short story. The third draft of that story is quite good.",
    "Batteries will cost little and need one screwdriver. The catch is in the third year, and in small print.",
    "No account, no update, one knob. The waiting list is four months long.",
)
_LONG = (
    "Engineers in the old port have found a second use for water that comes and goes twice a day: it now cools four "
    "halls of servers, and the warmth it carries away heats the swimming baths next door.\n\n"
    "The council signed last week. Nobody in the room asked what happens in a year without storms, says the harbour "
    "master, who did the sums himself and keeps them in a drawer. He will show them to anyone who brings cake."
)


PICTURED = (0, 1, 2, 5, 8)


def _pictures(number: int) -> tuple[Picture, ...]:
    made = "https://news.example.org/media/{0}{1}.png".format
    return tuple(Picture(slot.name, made(slot.name, number), slot.width, slot.height) for slot in (WIDE, THUMB))


def story(number: int = 0) -> DigestStory:
    title, category, source, minutes = _TOLD[number]
    also = (
        Also("Tide mill: it works", "https://coast.example/tide", "Coast Daily"),
        Also("Update: A harbour town wires its tide mill", "https://example.org/stories/0b", "Harbour Post"),
    )
    return DigestStory(
        story=number + 1,
        title=title,
        url=f"https://example.org/stories/{number}",
        published=datetime(2026, 11, 18, 9, tzinfo=UTC),
        source=source,
        excerpt=_ROWS[number],
        long_excerpt=_LONG if number == 0 else "",
        category=category,
        image=f"https://example.org/pictures/{number}.png" if number in PICTURED else None,
        pictures=_pictures(number) if number in PICTURED else (),
        image_alt="Low water at the tide mill" if number == 0 else "",
        minutes=minutes,
        also=also if number == 0 else (),
    )


def digest(*stories: DigestStory, edition: Edition = EDITION) -> Digest:
    """These stories, or else the ten of the sample."""
    return Digest(edition, 12, DATE, stories or tuple(story(number) for number in range(len(_TOLD))))


def renderer(**templates: str) -> Renderer:
    """The project's templates; `templates` stand before them, under their name with / for __ and . for _dot_."""
    return _with(templates) if templates else _plain()


@cache
def _plain() -> Renderer:
    """One for all tests of a process: Jinja compiles each template once."""
    return _with({})


def _with(templates: Mapping[str, str]) -> Renderer:
    own = {name.replace("__", "/").replace("_dot_", "."): source for name, source in templates.items()}
    return Renderer(jinja2.ChoiceLoader([jinja2.DictLoader(own), jinja2.FileSystemLoader(TEMPLATES)]))


def issue(rendered: Rendered | None = None, **changed: object) -> Issue:
    """The sample digest as a frozen issue."""
    rendered = rendered or renderer().digest(digest(), LINKS)
    stories = tuple(IssueStory(told.story, told.title, told.url) for told in digest().stories)
    made = Issue(
        id=1,
        newsletter="tech-decoded",
        edition="uk",
        number=12,
        state=IssueState.DRAFT,
        subject=rendered.subject,
        preheader=rendered.preheader,
        html=rendered.html,
        text=rendered.text,
        hash="",
        stories=stories,
        built_at=DATE,
        as_of=DATE,
    )
    return replace(made, **changed)

"""What holds in all four themes: every story is told, one block can be replaced, both parts keep their form."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from newsletter.domain.digest import Digest
from newsletter.domain.edition import Edition
from newsletter.domain.theme import THEMES, Theme, ThemeName, theme
from newsletter.text.columns import width
from newsletter.text.render import Rendered, Renderer
from newsletter.text.slots import fill_text, values
from tests.digests import EDITION, LINKS, READER, digest, renderer, story
from tests.text.test_render import Page

NOTE = "A quiet week.\n\nTell me if I am wrong: https://example.org/wrong"
BLOCKS = ("masthead", "intro", "note", "lead", "rows", "explainer", "quick", "feedback", "footer", "after", "strip")
MJML = ("after", "strip")  # the others are HTML inside an <mj-text>
SHARED = renderer()


def issue(**edition: object) -> Digest:
    """Ten stories, one of them an explainer, with an editor's note."""
    stories = [story(number) for number in range(10)]
    stories[4] = replace(stories[4], category="Explainer")
    return replace(digest(*stories, edition=replace(EDITION, **edition)), note=NOTE)


def rendered(look: Theme | ThemeName, by: Renderer = SHARED, **edition: object) -> Rendered:
    return by.digest(issue(theme=theme(look) if isinstance(look, str) else look, **edition), LINKS)


def whole(name: ThemeName, **edition: object) -> Page:
    return Page(rendered(name, **edition).html)


@pytest.mark.parametrize("name", THEMES)
def test_every_story_and_every_way_out_is_there(name: ThemeName) -> None:
    made = rendered(name)
    page = Page(made.html)
    targets = [link.get("href") for link in page.all("a")]
    for told in issue().stories:
        assert told.title in page.text
        assert told.title in made.text.replace("\n", " ")
        assert targets.count(told.url) >= 1
        assert f"{told.url}\n" in made.text
    for words in (
        "A quiet week.",
        "Coast Daily",
        "min read",
        "Explain",
        "Worth your time?",
        "Friday, 20 November 2026",
    ):
        assert words in page.text, words
    for words in (
        "A quiet week.",
        "Coast Daily",
        "min read",
        "Explain",
        "Worth your time?",
        "Friday, 20 November 2026",
    ):
        assert words in made.text, words
    assert EDITION.postal_address in page.text
    assert LINKS.online in targets


@pytest.mark.parametrize("name", THEMES)
def test_it_is_small(name: ThemeName) -> None:
    assert len(rendered(name).html.encode()) < 40_000


@pytest.mark.parametrize("name", THEMES)
def test_a_screen_reader_finds_its_way(name: ThemeName) -> None:
    page = whole(name)
    assert page.all("html")[0]["lang"] == page.all("div")[1]["lang"] == "en-GB"
    assert page.all("html")[0]["dir"] == page.all("div")[1]["dir"] == "ltr"
    assert all(table.get("role") == "presentation" for table in page.all("table"))
    assert all("alt" in image for image in page.all("img"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


@pytest.mark.parametrize("name", THEMES)
def test_no_picture_but_those_made_for_mail(name: ThemeName) -> None:
    sources = [image["src"] or "" for image in whole(name).all("img")]
    assert all(source.startswith("https://news.example.org/media/") for source in sources)
    assert len(sources) == {"classic": 3, "brief": 0, "magazine": 3, "letter": 1}[name]


@pytest.mark.parametrize("name", THEMES)
def test_right_to_left_is_the_mirror(name: ThemeName) -> None:
    bodies = {way: rendered(name, language=way).html.split("</head>")[1] for way in ("en", "ar")}
    sides = {way: re.findall(r"(?:padding|border)-(left|right):(?!0)", body) for way, body in bodies.items()}
    assert [{"left": "right", "right": "left"}[side] for side in sides["en"]] == sides["ar"]
    assert whole(name, language="ar").all("html")[0]["dir"] == "rtl"


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name != "letter")) for name in THEMES])
@pytest.mark.parametrize("block", BLOCKS)
def test_a_template_of_ones_own_changes_one_block(name: ThemeName, block: str) -> None:
    inside = "<mj-text>MY OWN</mj-text>" if block == "after" else "<p>MY OWN</p>"
    if block == "strip":
        inside = "<mj-section><mj-column><mj-text>MY OWN</mj-text></mj-column></mj-section>"
    own = f'{{% extends "!email/digest.mjml" %}}\n{{% block {block} %}}{inside}{{% endblock %}}'
    text = f'{{% extends "!email/digest.txt" %}}\n{{% block {block} %}}MY OWN{{% endblock %}}'
    twin = {} if block == "strip" else {"email__digest_dot_txt": text}
    made = rendered(name, renderer(email__digest_dot_mjml=own, **twin))
    page = Page(made.html)
    assert page.text.count("MY OWN") == 1
    assert made.text.count("MY OWN") == (block not in MJML or block == "after")
    kept = {"rows": 0, "lead": 5}.get(block, 1)
    assert issue().stories[kept].title in page.text


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_itself_can_be_built_upon(name: ThemeName) -> None:
    own = f'{{% extends "!email/themes/{name}.mjml" %}}{{% block after %}}<mj-text>MY OWN</mj-text>{{% endblock %}}'
    by = renderer(**{f"email__themes__{name}_dot_mjml": own})
    assert "MY OWN" in rendered(name, by).html


@pytest.mark.parametrize("name", THEMES)
def test_the_text_twin_keeps_its_form(name: ThemeName) -> None:
    long_url = "https://example.org/" + "a-very-long-way/" * 12
    long = replace(story(1), title="潮汐" * 50, url=long_url, source="Süddeutsche Hafenpost")
    stories = [story(0), long, *(story(number) for number in range(2, 10))]
    told = digest(*stories, edition=replace(EDITION, theme=theme(name)))
    text = fill_text(SHARED.digest(replace(told, note=NOTE), LINKS).text, values(READER))
    lines = text.splitlines()
    assert all(width(line) <= 72 or "https://" in line for line in lines)
    assert all(line == line.rstrip() for line in lines)
    assert f"{long_url}\n" in text
    assert "\n\n\n" not in text
    numbers = [int(number) for number in re.findall(r"^\[(\d+)\] https", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 10
    for above, line in pairwise(lines):
        if re.fullmatch(r"-{2,71}|={2,71}", line):
            assert width(above) <= len(line)


@pytest.mark.parametrize("name", THEMES)
def test_nothing_is_said_of_what_is_not_there(name: ThemeName) -> None:
    bare = replace(story(3), excerpt="", category="")
    plain = Edition(newsletter="a", key="b", name="Plain", sender="no-reply@example.org", site_name="S", site_url="x")
    made = SHARED.digest(digest(bare, bare, edition=replace(plain, theme=theme(name))), LINKS)
    page = Page(made.html)
    for words in ("From the editor", "Explained", "Quick links", "Worth your time?", "P.S.", "None", "Switch edition"):
        assert words not in page.text + made.text, words
    assert page.all("img") == []
    assert "\n\n\n" not in made.text


def test_answers_go_to_whoever_reads_them() -> None:
    made = rendered("classic", reply_to="Ann <ann+news@example.org>")
    answers = [link["href"] or "" for link in Page(made.html).all("a") if (link["href"] or "").startswith("mailto:")]
    assert answers == [
        "mailto:ann+news@example.org?subject=Tech%20Decoded%2012%2C%20worth%20my%20time%3F%20Yes",
        "mailto:ann+news@example.org?subject=Tech%20Decoded%2012%2C%20worth%20my%20time%3F%20Not%20really",
    ]
    assert "mailto:" not in rendered("classic", feedback=False).html


def test_a_logo_takes_the_place_of_the_name() -> None:
    look = replace(theme("classic"), logo="https://example.org/logo.png", logo_width=200, logo_height=60)
    page = Page(rendered(look).html)
    [logo] = [image for image in page.all("img") if image["src"] == look.logo]
    assert (logo["alt"], logo["width"], logo["height"]) == ("Tech Decoded", "200", "60")
    assert Page(rendered(replace(look, logo="/etc/logo.png")).html).text.count("Tech Decoded") > 2


@pytest.mark.parametrize("name", THEMES)
def test_colours_and_fonts_are_the_operators(name: ThemeName) -> None:
    plain = theme(name)
    look = replace(
        plain,
        light=replace(plain.light, link="#123456"),
        dark=replace(plain.dark, link="#fedcba"),
        text="Verdana,serif",
    )
    html = rendered(look).html
    assert "#123456" in html
    assert html.count("#fedcba") >= 2  # by the screen's word, and by Outlook's
    assert plain.light.link not in html
    assert "Verdana,serif" in html


def test_sections_are_headings() -> None:
    stories = [replace(story(number), category=category) for number, category in enumerate("LRSRS")]
    told = digest(*stories, edition=replace(EDITION, sections=True))
    made = SHARED.digest(told, LINKS)
    assert re.search(r"R\n=\n.*\nS\n=\n", made.text, re.DOTALL)
    assert (
        made.html.index("<bdi>R</bdi></h2>") < made.html.index(stories[3].title) < made.html.index("<bdi>S</bdi></h2>")
    )

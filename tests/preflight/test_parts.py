"""Text part, pictures, the way out, size, spam: hits and near misses."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from newsletter.domain.issue import IssueStory
from newsletter.preflight.examined import Examined
from newsletter.preflight.known import Known, Verdict
from newsletter.preflight.rules import law, mime, pictures, size, spam, stories, twin, way_out
from newsletter.services.preflight import examine
from newsletter.text.media import content_id
from newsletter.text.message import issue_headers
from newsletter.text.slots import slot
from tests.digests import DATE, EDITION, READER
from tests.preflight.judging import WAY_OUT, Rule, examined, issue, said

OUT = f'<a href="{slot("unsubscribe_url")}" style="%s">Unsubscribe</a>'
TRAMS = (IssueStory(1, "Silent trams & “quiet” trains", "https://example.org/1"),)
TEXT = "Silent trams & “quiet”\ntrains\n[1] https://example.org/1\n"
HTML = '<a href="https://example.org/1">Silent trams &amp; “quiet” trains</a>'
ENOUGH = "<p>" + "Words that are read by everybody who sees no pictures. " * 4 + "</p>"


@pytest.mark.parametrize(
    "rule",
    [
        twin.no_text_part,
        twin.title_missing,
        twin.link_missing_in_text,
        twin.link_missing_in_html,
        twin.long_line,
        twin.markup_left,
        pictures.no_alt,
        pictures.alt_is_a_file,
        pictures.heavy_data,
        pictures.only_a_picture,
        way_out.hidden_way_out,
        size.too_long,
        spam.looks_like_spam,
    ],
)
def test_the_sample_is_silent(rule: Rule) -> None:
    assert said(rule, examined()) == ""


def twins(text: str = TEXT, html: str = HTML) -> str:
    """What is said of a text part and an HTML part that tell of one story; both end with the way out."""
    both = examined(stories=TRAMS, text=text + slot("unsubscribe_url") + "\n", html=html)
    rules = (twin.title_missing, twin.link_missing_in_text, twin.link_missing_in_html, twin.long_line, twin.markup_left)
    return "".join(said(rule, both) for rule in rules)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (TEXT, HTML),
        (TEXT.replace("“quiet”\n", '"quiet" \n  '), HTML),
        (
            TEXT + "https://example.org/" + "long/" * 40 + "\n",
            HTML + '<a href="https://example.org/' + "long/" * 40 + '">x</a>',
        ),
        (TEXT + "See https://example.org/2.\n", HTML + '<a href="https://example.org/2">x</a>'),
        (TEXT + "A bare https://example.org/3 in a sentence.\n", HTML + "A bare https://example.org/3 in a sentence."),
        (TEXT + "the wiki (https://example.org/2)\nhas it\n", HTML + '<a href="https://example.org/2">the wiki</a>'),
        (TEXT + "https://example.org/a_(b)\n", HTML + '<a href="https://example.org/a_(b)">x</a>'),
        (TEXT + "W" * 90 + "\n", HTML),
        (TEXT + "How to escape &amp; in <b>HTML</b>\n", HTML + "How to escape &amp;amp; in &lt;b&gt;HTML&lt;/b&gt;"),
        (TEXT + "AT&T; R&D, 1 < 2 > 0 and a<b\n", HTML),
        (TEXT + "电" * 39 + "\n", HTML),
    ],
)
def test_two_parts_that_agree(text: str, html: str) -> None:
    assert twins(text, html) == ""


@pytest.mark.parametrize(
    ("text", "html", "found"),
    [
        (TEXT.replace("trains", "boats"), HTML, "The text part does not name 1 of 1 stories"),
        (TEXT, HTML.replace("trains", "boats"), "The HTML part does not name 1 of 1 stories"),
        (TEXT, HTML + '<a href="https://example.org/2">x</a>', "lacks links that the HTML has: https://example.org/2"),
        (TEXT + "https://example.org/3\n", HTML, "links that the HTML lacks: https://example.org/3"),
        (TEXT + "word " * 20 + "\n", HTML, "longer than 78 columns"),
        (TEXT + "电" * 20 + " " + "电" * 20 + "\n", HTML, "longer than 78 columns"),
        (TEXT + "R&amp;D\n", HTML, "HTML is left in the text part: &amp;"),
        (TEXT + "<p>R</p>\n", HTML, "<p>"),
    ],
)
def test_two_parts_that_differ(text: str, html: str, found: str) -> None:
    told = twins(text, html)
    assert told.startswith("warn: ")
    assert found in told


PICTURE = '<img src="https://example.org/a.png" width="552" height="310" alt="A tram">'


@pytest.mark.parametrize(
    ("rule", "html", "found"),
    [
        (pictures.no_alt, '<img src="a.png">', "without an alt attribute: 1"),
        (pictures.no_alt, PICTURE + '<img src="a.png" alt="">', ""),
        (pictures.alt_is_a_file, '<img src="a.png" alt="IMG_2041.JPG">', "IMG_2041.JPG"),
        (pictures.alt_is_a_file, '<img src="a.png" alt="DSC 00412">', "DSC 00412"),
        (pictures.alt_is_a_file, '<img src="a.png" alt="How to open a .png"><img src="b" alt="">', ""),
        (pictures.no_size, '<img src="a.png" alt="" width="100">', "1 of 1"),
        (pictures.no_size, '<img src="a.png" alt="" width="100" height="auto">', "1 of 1"),
        (pictures.no_size, PICTURE + '<img src="pixel.png" width="1" alt="">', ""),
        (pictures.no_address, '<img src="/a.png" alt="">', "/a.png"),
        (pictures.no_address, '<img alt=""><img src="a.png" alt="">', "(none) and 1 more"),
        (pictures.no_address, PICTURE + '<img src="data:image/png;base64,AA" alt=""><img src="cid:a" alt="">', ""),
        (pictures.heavy_data, f'<img alt="" src="data:image/png;base64,{"A" * 9000}">', "8 KB stands in the HTML"),
        (pictures.heavy_data, '<img alt="" src="data:image/png;base64,AAAA">', ""),
        (pictures.only_a_picture, PICTURE, "hardly more than a picture"),
        (pictures.only_a_picture, PICTURE.replace("A tram", "many words " * 30), "hardly more"),
        (pictures.only_a_picture, PICTURE + ENOUGH, ""),
        (pictures.only_a_picture, "<p>Short.</p>", ""),
        (pictures.only_a_picture, PICTURE + "电车在城里停了一个早上。" * 20, ""),
    ],
)
def test_pictures(rule: Rule, html: str, found: str) -> None:
    told = said(rule, examined(html=html))
    assert found in told
    assert bool(told) is bool(found)


NAME = "0123456789abcdef-wide.jpg"


def with_attached(*pictures: tuple[str, bytes]) -> Examined:
    whole = f"{PICTURE.replace('https://example.org/a.png', f'cid:{content_id(NAME)}')}{ENOUGH}{WAY_OUT}"
    told = replace(issue(), html=f"<html><body>{whole}</body></html>")
    return examine(told, EDITION, issue_headers(EDITION, 12, DATE), READER, pictures)


def test_a_picture_that_travels_with_the_mail_is_there() -> None:
    assert "block: A picture should travel with the mail" in said(pictures.not_attached, with_attached())
    whole = with_attached((NAME, b"\xff\xd8" * 4000))
    assert b"multipart/related" in whole.raw
    rules = (pictures.not_attached, mime.parts, mime.encodings, mime.body_lines, mime.boundary, size.too_long)
    assert [said(rule, whole) for rule in rules] == [""] * len(rules)


@pytest.mark.parametrize(
    ("style", "around", "found"),
    [
        ("display:none", "{}", "block: The unsubscribe link is hidden"),
        ("font-size:1px", "{}", "block"),
        ("", '<div style="DISPLAY: none !important">{}</div>', "block"),
        ("", '<div style="font-size:0">{}</div>', "block"),
        ("", '<p style="max-height:0;overflow:hidden">{}</p>', "block"),
        ("visibility:hidden", "{}", "block"),
        ("opacity:0", "{}", "block"),
        ("color:#fff", "{}", "warn: The unsubscribe link has the colour of what is behind it"),
        ("color:#fefefe", '<table bgcolor="white"><tr><td>{}</td></tr></table>', "warn"),
        ("", '<div style="background:#101214;color:#14171a">{}</div>', "warn"),
        ("color:#ffffff", '<table><tr><td style="background-color:#0b5c86">{}</td></tr></table>', ""),
        ("color:#595f66;font-size:12px", "{}", ""),
        ("font-size:14px", '<div style="font-size:0">{}</div>', ""),
        ("display:inline-block;max-height:none;opacity:0.5", "{}", ""),
        ("opacity:50%", '<div style="height:100%;overflow:hidden">{}</div>', ""),
    ],
)
def test_the_way_out_can_be_seen(style: str, around: str, found: str) -> None:
    html = "<html><body>" + around.format(OUT % style) + "</body></html>"
    told = said(way_out.hidden_way_out, replace(examined(), issue=issue(), **_parts(html)))
    assert told.startswith(found)
    assert bool(told) is bool(found)


def _parts(html: str) -> dict[str, object]:
    return {"raw": examine(replace(issue(), html=html), EDITION, issue_headers(EDITION, 12, DATE), READER).raw}


def test_one_way_out_that_can_be_seen_is_enough() -> None:
    assert said(way_out.hidden_way_out, examined(html=OUT % "display:none")) == ""


def test_a_way_out_without_words_blocks() -> None:
    html = f'<body><a href="{slot("unsubscribe_url")}"><img src="x"></a></body>'
    assert "has no words" in said(way_out.hidden_way_out, replace(examined(), **_parts(html)))


@pytest.mark.parametrize(
    ("kilobytes", "found"),
    [(79, ""), (81, "warn: The HTML is 81 KB"), (101, "warn"), (103, "block: The HTML is 103 KB")],
)
def test_size_is_told_decoded_and_as_it_travels(kilobytes: int, found: str) -> None:
    told = said(size.too_long, examined(html="é" * (kilobytes * 512)))
    assert told.startswith(found)
    assert bool(told) is bool(found)
    if found:
        travels = re.search(r"\((\d+) KB on its way", told)
        assert travels
        assert 3 < int(travels[1]) / kilobytes < 3.2  # an é takes six characters, a line has room for 75


@pytest.mark.parametrize(
    ("verdict", "found"),
    [
        (
            Verdict("SpamAssassin", 6.2, 5.0, ("HTML_ONLY", "LOTTERY")),
            "takes this for spam, 6.2 of 5 points: HTML_ONLY, LOTTERY",
        ),
        (Verdict("rspamd", 10.0, 15.0), "not far from"),
        (Verdict("SpamAssassin", -0.1, 5.0), ""),
    ],
)
def test_spam(verdict: Verdict, found: str) -> None:
    told = said(spam.looks_like_spam, examined(known=Known(verdicts=(verdict,))))
    assert found in told
    assert bool(told) is bool(found)
    assert "block" not in told


@pytest.mark.parametrize(
    ("html", "text", "found"),
    [
        ("<p>The Example,<br>1 Example Street, London N1 1AA</p>", "The Example\n1 Example Street\nLondon N1 1AA", ""),
        ("<p>The Example</p>", "The Example, 1 Example Street, London N1 1AA", "The HTML part does not show"),
        ("<p>The Example, 1 Example Street, London N1 1AA</p>", "The Example", "The text part does not show"),
    ],
)
def test_the_postal_address_is_shown(html: str, text: str, found: str) -> None:
    assert found in said(law.address_not_shown, examined(html=html, text=text))
    assert bool(said(law.address_not_shown, examined(html=html, text=text))) is bool(found)
    assert said(law.address_not_shown, examined(replace(EDITION, postal_address=""), html=html, text=text)) == ""


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ("https://www.example.org/1/?utm_source=x", "warn: Two stories lead to one page, https://www.example.org/1/"),
        ("https://example.org/2", ""),
        ("", ""),  # that is another rule's
    ],
)
def test_two_stories_behind_one_address(second: str, found: str) -> None:
    told = said(stories.one_page_twice, examined(stories=(*TRAMS, IssueStory(2, "Fish", second))))
    assert told.startswith(found) if found else not told

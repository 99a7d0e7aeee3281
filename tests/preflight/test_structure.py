"""Language, headings, tables and lists; what a message loads by itself; how high its links are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from newsletter.preflight.examined import Examined
from newsletter.preflight.known import Known
from newsletter.preflight.rules import requests, structure, targets
from newsletter.preflight.rules.contrast import hard_to_read
from tests.preflight.judging import WAY_OUT, Rule, examined, said
from tests.preflight.test_contrast import message


def with_a_tall_way_out(html: str) -> Examined:
    tall = ' style="display:block;line-height:44px">Unsubscribe<'
    return replace(examined(), raw=message(html + WAY_OUT.replace(">Unsubscribe<", tall)))


LAID_OUT = '<table role="presentation">'


@pytest.mark.parametrize(
    ("rule", "html", "words"),
    [
        (structure.no_language, "<p>x</p>", "`lang` is missing on <html>"),
        (structure.no_language, "<p>x</p>", "`dir` is missing on <html>"),
        (structure.no_title, "<p>x</p>", "no title"),
        (structure.no_colour_scheme, "<p>x</p>", "color-scheme"),
        (structure.headings, "<h2>x</h2>", "has no h1"),
        (structure.headings, "<h1>x</h1><h1>y</h1>", "has 2 h1"),
        (structure.headings, "<h1>x</h1><h3>y</h3>", "After h1 comes h3"),
        (structure.headings, "<h1>x</h1><h2> <img alt=''></h2>", "Empty headings: 1"),
        (structure.tables_of_layout, f"<table><tr><td>{LAID_OUT}</table>x</table>", 'presentation": 1'),
        (structure.lists, "<div><li>x</li></div>", "outside of a list: 1"),
        (structure.lists, "<div><p>• a</p><p>• b</p><p>• c</p></div>", "are no list: • a"),
        (structure.lists, "<div><div>1. a</div><div>2. b</div><div>3. c</div></div>", "are no list"),
        (requests.active_content, "<form><input></form>", "<form>"),
        (requests.active_content, "<p>x</p><iframe src='/x'></iframe>", "<iframe>"),
        (requests.active_content, "<script>1</script>", "<script>"),
        (requests.active_content, "<p onclick='x()'>x</p>", "scripts in attributes: 1"),
        (requests.style_from_elsewhere, '<link rel="stylesheet" href="https://x.example/a.css">', "x.example/a.css"),
        (requests.style_from_elsewhere, "<style>@import url(https://x.example/a.css);</style>", "@import"),
        (requests.style_from_elsewhere, "<style>@font-face{src:url(https://x.example/f)}</style>", "@font-face"),
        (requests.third_party, '<img src="https://pixel.example/1.gif?u=7">', "asks pixel.example"),
        (requests.third_party, '<img src="//pixel.example/1.gif">', "asks pixel.example"),
        (requests.third_party, '<img srcset="https://a.example/1 1x, https://b.example/2 2x">', "asks b.example"),
        (requests.third_party, "<p style=\"background:url('https://pixel.example/b')\">x</p>", "pixel.example"),
        (requests.third_party, "<style>p{background:url(https://pixel.example/b)}</style>", "pixel.example"),
        (requests.third_party, '<table background="https://pixel.example/b"></table>', "pixel.example"),
        (requests.third_party, '<img src="https://news.example.org.evil.example/1.gif">', "evil.example"),
        (requests.third_party, '<img src="https://evilnews.example.org/1.jpg">', "asks evilnews.example.org"),
        (requests.third_party, '<img src="https://other.example.org/1.gif">', "asks other.example.org"),
        (targets.hard_to_hit, '<p style="line-height:20px"><a href="/x">Past issues</a></p>', "with 20 of 44 px"),
        (
            targets.hard_to_hit,
            '<p style="line-height:20px"><a href="/x">A</a> · <a href="/y">B</a></p>',
            "with a thumb: 2",
        ),
        (
            targets.hard_to_hit,
            '<a href="/x" style="display:inline-block;padding:9px 20px;font-size:16px;line-height:22px">Go</a>',
            "with 40 of 44 px",
        ),
        (targets.hard_to_hit, '<p style="line-height:20px"><a href="/x" style="padding:12px 0">A</a></p>', "with 20"),
        (targets.hard_to_hit, '<h3 style="font-size:14px;line-height:18px"><a href="/x">T</a></h3>', "18 of 24 px"),
    ],
)
def test_what_is_found(rule: Rule, html: str, words: str) -> None:
    found = said(rule, with_a_tall_way_out(html))
    assert words in found
    assert "block:" not in found


@pytest.mark.parametrize(
    ("rule", "html"),
    [
        (structure.headings, "<h1>x</h1><h2>y</h2><h3>z</h3><h2>w</h2><h3>v</h3>"),
        (structure.headings, "<h1>x</h1><h2><img alt='A mill'></h2>"),
        (structure.tables_of_layout, f"{LAID_OUT}<tr><td>x</table>"),
        (structure.tables_of_layout, "<table><tr><th>Year<td>2026</table>"),
        (structure.lists, "<ul><li>x</li></ul>"),
        (structure.lists, "<p>– a quotation</p><p>and more</p><p>1. x</p><p>2. y</p>"),
        (requests.active_content, "<p>How to write &lt;form&gt; and onclick</p>"),
        (requests.style_from_elsewhere, "<style>@media print{p{color:red}}</style>"),
        (requests.third_party, '<img src="https://news.example.org/media/1.jpg"><a href="https://x.example">x</a>'),
        (requests.third_party, '<img src="https://example.org/1.jpg"><img src="https://www.example.org/2.jpg">'),
        (requests.third_party, '<img src="https://cdn.news.example.org/1.jpg">'),
        (requests.third_party, '<img src="cid:1@media"><img src="data:image/gif;base64,AA"><img src="/x.png">'),
        (requests.third_party, '<img src="https://[broken/1.jpg">'),
        (targets.hard_to_hit, '<p>You get it because <a href="/x">you signed up</a>.</p>'),
        (targets.hard_to_hit, '<p>Read <b>on</b><br><a href="/x">there</a></p>'),
        (targets.hard_to_hit, '<a href="/x" style="display:inline-block;padding:11px 0;line-height:22px">Go</a>'),
        (targets.hard_to_hit, '<a href="/x" style="display:block;border:2px solid;padding:9px;line-height:22px">G</a>'),
        (targets.hard_to_hit, '<a href="/x" style="display:block;padding:12px 0 12px;line-height:1.25">Go</a>'),
        (targets.hard_to_hit, '<a href="/x" style="display:block;height:44px">Go</a>'),
        (targets.hard_to_hit, '<h3 style="font-size:20px;line-height:26px"><a href="/x">Title</a></h3>'),
        (targets.hard_to_hit, '<p><a href="/x"><img alt="A mill" height="20"></a></p>'),
        (targets.hard_to_hit, '<p style="display:none"><a href="/x">Hidden</a></p>'),
    ],
)
def test_what_is_fine(rule: Rule, html: str) -> None:
    assert said(rule, with_a_tall_way_out(html)) == ""


@pytest.mark.parametrize(
    "html",
    [
        '<html lang="de" dir="ltr"><body><div>Ohne</div></body></html>',
        '<html lang="und" dir="auto"><body><div lang="de" dir="ltr">Unbestimmt</div></body></html>',
    ],
)
def test_the_language_stands_on_the_bodys_child_too(html: str) -> None:
    assert "`lang` is missing" in said(structure.no_language, replace(examined(), raw=message(html)))


def test_a_hidden_preheader_needs_no_language() -> None:
    html = (
        '<html lang="de" dir="ltr"><title>T</title><meta name="color-scheme" content="light dark">'
        '<div style="display:none">Vorschau</div><div lang="de" dir="ltr"><h1>Da</h1></div>'
    )
    what = replace(examined(), raw=message(html))
    for rule in (structure.no_language, structure.no_title, structure.no_colour_scheme, structure.headings):
        assert said(rule, what) == ""


def test_the_link_that_lacks_most_is_named_with_what_it_lacks() -> None:
    low, lower = (
        '<p style="line-height:30px"><a href="/x">A</a></p>',
        '<p style="line-height:20px"><a href="/x">B</a></p>',
    )
    (finding,) = targets.hard_to_hit(with_a_tall_way_out(low + lower))
    assert "hit with a thumb: 2, the lowest is “B” with 20 of 44 px" in finding.reason
    assert "12px more padding" in finding.remedy


def test_pictures_from_media_url_are_our_own() -> None:
    html = '<img src="https://media.example.net/1.jpg">'
    assert "media.example.net" in said(requests.third_party, examined(html=html))
    assert said(requests.third_party, examined(html=html, known=Known(media_host="media.example.net"))) == ""


@pytest.mark.parametrize(
    "rule",
    [
        structure.no_language,
        structure.no_title,
        structure.no_colour_scheme,
        structure.headings,
        structure.tables_of_layout,
        structure.lists,
        requests.active_content,
        requests.style_from_elsewhere,
        requests.third_party,
        hard_to_read,
    ],
)
def test_the_sample_is_built_as_it_should(rule: Rule) -> None:
    assert said(rule, examined()) == ""
    assert said(rule, replace(examined(), raw=b"")) == ""

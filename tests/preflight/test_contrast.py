"""Texts that are hard to read are found in every mode, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from newsletter.preflight.rules.contrast import hard_to_read
from tests.preflight.judging import examined, said

INVERTED = "where Gmail inverts"
FINE = '<p style="color:#222">Fine</p>'


def found(html: str) -> str:
    return said(hard_to_read, examined(html=f"{html}<style>a{{color:#123}}</style>"))


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<p style="color:#aaa">Pale</p>', "“Pale” is hard to read: #aaaaaa on #ffffff has a contrast of 2.3 in light"),
        ('<p style="color:#fefefe">Ghost</p>', "“Ghost” can hardly be seen"),
        ('<table bgcolor="0b5c86"><tr><td style="color:#000">Dark</td></tr></table>', "#000000 on #0b5c86"),
        ('<font color="cccccc">Old</font>', "#cccccc on #ffffff"),
        ('<p style="color:rgba(0,0,0,.4)">Thin</p>', "#00000066 on #ffffff"),
        ('<div style="background:rgba(0,0,0,.9)"><p style="color:#222">Deep</p></div>', "#222222 on #191919"),
        ('<img src="x.png" alt="A mill" style="color:#ccc">', "alternative text “A mill”"),
        ('<p style="color:#222">In <a href="/x" style="color:#9cf">a link</a></p>', "“a link” is hard to read"),
        ('<p style="background:#767676">Default ink <b style="color:#8a8a8a">grey</b></p>', "“grey”"),
        ("<style>.x{color:#bbb}</style><p class=x>By class</p>", "#bbbbbb"),
        ("<style>p{color:#222} .x{color:#bbb}</style><p class=x>Specific</p>", "#bbbbbb"),
        ('<style>.x{color:#bbb !important}</style><p class=x style="color:#222">Loud</p>', "#bbbbbb"),
        ("<style>p{color:#bbb!important} .x{color:#222}</style><p class=x>Loud type</p>", "#bbbbbb"),
        ('<p style="color:#222;color:#bbb">Later</p>', "#bbbbbb"),
        ('<p style="background:#222;background-color:#fff;color:#ddd">Longhand</p>', "#dddddd on #ffffff"),
    ],
)
def test_what_is_hard_to_read_in_light(html: str, words: str) -> None:
    assert words in found(html)
    assert "in light" in found(html)


@pytest.mark.parametrize(
    "html",
    [
        FINE,
        '<p style="color:#767676">Just enough</p>',
        '<p style="font-size:24px;color:#8a8a8a">Large</p>',
        '<p style="font-size:19px;font-weight:700;color:#8a8a8a">Large and bold</p>',
        '<h1 style="color:#8a8a8a">Large by tag</h1>',
        '<p style="color:#fff;background:url(https://news.example.org/p.png)">On a picture: nobody knows</p>',
        '<td background="https://news.example.org/p.png" style="color:#fff">So here</td>',
        '<p style="color:#fff;background:linear-gradient(#000,#111)">And here</p>',
        '<p style="display:none;color:#fff">Hidden</p>',
        '<div style="max-height:0;overflow:hidden"><p style="color:#fff">Hidden</p></div>',
        '<p style="opacity:0;color:#fff">Hidden</p>',
        '<p style="font-size:1px;color:#fff">Hidden</p>',
        '<p hidden style="color:#fff">Hidden</p>',
        '<p style="color:#fff"> · — … </p>',
        '<style>.x{color:#bbb}</style><p class=x style="color:#222">Inline wins</p>',
        "<style>.x .y{color:#bbb}</style><p class=y style='color:#222'>No parent</p>",
        '<style>@media print{p{color:#fff !important}}</style><p style="color:#222">Not printed</p>',
        '<style>@media (max-width:479px){p{color:#fff !important}}</style><p style="color:#222">Not a phone</p>',
        "<!-- <p style='color:#eee'>A comment</p> --><!--[if mso]><p>So</p><![endif]-->" + FINE,
    ],
)
def test_what_can_be_read_or_is_not_there_to_be_read(html: str) -> None:
    assert found(html) == ""


def test_dark_colours_are_those_of_the_media_query() -> None:
    dark = "<style>@media (prefers-color-scheme:dark){.card{background:#111 !important}}</style>"
    html = f'{dark}<div class=card style="background:#fff"><p style="color:#222">Forgotten</p></div>'
    assert "#222222 on #111111 has a contrast of 1.2 in dark;" in found(html)
    ready = html.replace("</style>", "@media (prefers-color-scheme:dark){p{color:#eee !important}}</style>")
    assert found(ready) == ""


def test_outlook_follows_its_own_rules_and_darkens_the_rest() -> None:
    """A ground that a rule keeps stays as it is; the text without one is lightened."""
    rule = "<style>[data-ogsb] .card{background:#eee !important}</style>"
    html = f'{rule}<div class=card style="background:#fff"><p style="color:#222">Kept</p></div>'
    assert "in Outlook's dark mode;" in found(html)
    assert found(html.replace("#eee", "#111")) == ""
    assert found(html.replace("</style>", "[data-ogsc] p{color:#222 !important}</style>")) == ""


@pytest.mark.parametrize("selector", ["[data-ogsc] .x", ".x[data-ogsc]", "[data-ogsc] div > p", "[data-ogsc]"])
def test_outlooks_mark_is_understood_wherever_it_stands(selector: str) -> None:
    html = f'<style>{selector}{{color:#333 !important}}</style><div><p class=x style="color:#222">Mark</p></div>'
    assert "#333333 on #ffffff has a contrast of 1.7 in Outlook's dark mode;" in found(html)


def test_outlooks_mark_weighs_as_much_as_a_class() -> None:
    style = "<style>[data-ogsc] .x{color:#333 !important} .x{color:#222 !important}</style>"
    assert "#333333 on #ffffff" in found(f"{style}<p class=x>Mark</p>")


def test_gmails_inversion_is_foreseen() -> None:
    """Blue on white is fine; the same blue with its lightness turned round, on black, is not."""
    html = '<p style="color:#0000ee">Blue</p>'
    assert "in light" not in found(html)
    assert f"2.5 {INVERTED}" in found(html)


def test_a_pair_of_colours_is_told_once_with_a_colour_that_passes() -> None:
    html = '<p style="color:#aaa">One</p><p style="color:#aaa">Two</p><p style="color:#bbb">Three</p>'
    findings = list(hard_to_read(examined(html=html + "<style>a{color:#123}</style>")))
    assert [finding.place for finding in findings] == ["<p> “One”", "<p> “Three”"]
    assert findings[0].remedy == "Take #747474 for the text."
    assert found(html.replace("#aaa", "#747474").replace("#bbb", "#747474")) == ""


def test_what_fails_in_the_dark_alone_is_told_of_the_classes_that_change() -> None:
    html = '<style>@media (prefers-color-scheme:dark){.d{background:#111}}</style><div class=d><p style="color:#222">'
    pages = (html + "Mine</p></div>", html.replace("<p", "<p class=ink") + "Theirs</p></div>")
    remedies = {one.place: one.remedy for page in pages for one in hard_to_read(examined(html=page))}
    assert "the class `ink`, `soft`, `link` or `mark` makes it change" in remedies["<p> “Mine”"]
    assert "class" not in remedies['<p class="ink"> “Theirs”']
    assert "class" not in remedies["<a> “Unsubscribe”"]  # what Gmail inverts, no class helps


def test_the_sample_can_be_read_in_every_mode() -> None:
    assert said(hard_to_read, examined()) == ""


def test_the_sample_is_looked_at_whole() -> None:
    """Otherwise silence means nothing: each of its colours, paled, is found in the mode that it is for."""
    html = examined().issue.html
    for written, paled, mode in (
        ("#595f66", "#999999", "in light"),
        ("#aab2ba", "#666666", "in dark"),
        ("#aab2ba", "#666666", "in Outlook's dark mode"),
    ):
        assert written in html
        assert mode in said(hard_to_read, replace(examined(), raw=message(html.replace(written, paled))))


def message(html: str) -> bytes:
    return b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()

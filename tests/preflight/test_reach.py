"""What the web said, as findings: never more than a warning, and silent where nobody asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from newsletter.domain.answer import Answer
from newsletter.preflight.addresses import to_ask
from newsletter.preflight.known import Known
from newsletter.preflight.rules import links, reach
from tests.digests import DATE, EDITION, SITE
from tests.preflight.judging import Rule, examined, said

URL, PICTURE = "https://example.com/trams", "https://example.com/tram.png"
HTML = f'<a href="{URL}">Trams</a><img src="{PICTURE}" alt="A tram">'
RULES = (reach.dead_link, reach.moved_link, reach.leads_inside, reach.dead_picture, reach.not_all_asked)


def heard(rule: Rule, *answers: Answer, html: str = HTML, asked: bool = False) -> str:
    return said(rule, examined(html=html, known=Known(answers={one.url: one for one in answers}, asked=asked)))


def of(url: str = URL, **told: object) -> Answer:
    return Answer(url, DATE, **{"status": 200, **told})


@pytest.mark.parametrize("rule", RULES)
def test_where_nobody_asked_nothing_is_said(rule: Rule) -> None:
    assert heard(rule) == ""
    assert said(rule, examined()) == ""


@pytest.mark.parametrize("rule", RULES)
def test_what_answers_is_fine(rule: Rule) -> None:
    assert heard(rule, of(), of(PICTURE, kind="image/png"), asked=True) == ""


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"status": 404}, "There is nothing (404) at https://example.com/trams"),
        ({"status": 410}, "There is nothing (410)"),
        ({"status": 500}, "The server has a fault (500)"),
        ({"status": 0, "trouble": "nobody knows that name"}, "example.com does not answer: nobody knows that name"),
        ({"status": 401}, ""),
        ({"status": 403}, ""),
        ({"status": 429}, ""),
        ({"status": 999}, ""),
        ({"status": 204}, ""),
        ({"status": 0, "private": True, "trouble": "it leads inside"}, ""),
    ],
)
def test_dead_links(told: dict[str, object], found: str) -> None:
    finding = heard(reach.dead_link, of(**told))
    assert finding.startswith("warn") is bool(found)
    assert found in finding


def test_a_host_that_is_down_does_not_fill_the_screen() -> None:
    urls = [f"https://example.com/{n}" for n in range(30)]
    html = "".join(f'<a href="{url}">{url[-2:]}</a>' for url in urls)
    known = Known(answers={url: of(url, status=500) for url in urls})
    findings = list(reach.dead_link(examined(html=html, known=known)))
    assert len(findings) == 11
    assert "20 more links" in findings[-1].reason
    known = Known(answers={url: of(url, status=0, trouble="nobody knows that name") for url in urls})
    (finding,) = reach.dead_link(examined(html=html, known=known))
    assert "Links there: https://example.com/0 and 29 more" in finding.reason


def test_the_rest_of_the_rules() -> None:
    assert "→ https://example.com/new" in heard(reach.moved_link, of(moved_to="https://example.com/new"))
    assert heard(reach.moved_link, of(status=404, moved_to="https://example.com/new")) == ""
    assert "was not followed: it leads inside" in heard(
        reach.leads_inside, of(status=0, private=True, trouble="it leads inside")
    )
    assert "There is nothing (404)" in heard(reach.dead_picture, of(PICTURE, status=404))
    assert "is text/html, not a picture" in heard(reach.dead_picture, of(PICTURE, kind="text/html"))
    assert heard(reach.dead_picture, of(PICTURE, status=403, kind="text/html")) == ""
    assert "no time to look at all addresses: https://example.com/trams" in heard(
        reach.not_all_asked, of(PICTURE), asked=True
    )


def test_pictures_that_nobody_serves_are_told_of_once_and_where_to_look() -> None:
    sources = [f"{SITE}/media/{n}.jpg" for n in range(12)]
    html = "".join(f'<img src="{source}" alt="">' for source in sources)
    answers = {source: of(source, status=0, trouble="nothing listens there") for source in sources}
    (finding,) = reach.dead_picture(examined(html=html, known=Known(answers=answers)))
    assert finding.place == "12 pictures"
    assert "Nothing listens there: https://news.example.org/media/0.jpg and 11 more" in finding.reason
    assert "`newsletter serve`" in finding.remedy
    elsewhere = replace(EDITION, site_url="https://example.net")
    known = Known(answers=answers, media_host="news.example.org")
    (finding,) = reach.dead_picture(examined(elsewhere, html=html, known=known))
    assert "`media_url`" in finding.remedy


def test_a_host_that_moved_to_https_itself_is_told_so() -> None:
    html = '<a href="http://example.com/a">A</a>'
    moved = of("http://example.com/a", moved_to="https://example.com/a")
    assert "over http whose host has https" in heard(links.not_secure, moved, html=html)


def test_strangers_are_asked_and_nobody_else() -> None:
    html = "".join(
        f'<a href="{href}">x</a>'
        for href in (
            URL,
            URL,
            f"{SITE}/archive/x/1",
            f"{SITE}/about",
            "mailto:a@example.org",
            "http://10.0.0.1/",
            "/x",
            "#",
        )
    )
    html += f'<img src="{PICTURE}" alt=""><img src="{SITE}/media/a.jpg" alt=""><img src="cid:1" alt="">'
    assert to_ask(examined(html=html)) == [URL, f"{SITE}/about", PICTURE, f"{SITE}/media/a.jpg"]


def test_a_readers_own_links_are_never_followed() -> None:
    assert not [url for url in to_ask(examined()) if "/unsubscribe/" in url or "/preferences/" in url]
    elsewhere = replace(EDITION, site_url=f"{SITE}/")
    assert not [url for url in to_ask(examined(edition=elsewhere)) if "/unsubscribe/" in url]

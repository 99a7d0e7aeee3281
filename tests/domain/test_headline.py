"""What a title says once its wrapping is off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.headline import headline, rewrapped

TITLE = "Regulator criticises Met's use of facial recognition cameras"


@pytest.mark.parametrize(
    "wrapped",
    [
        "Breaking: {}", "Update: {}", "Latest: {}", "New: {}", "Big News: {}", "BREAKING - {}", "Breaking! {}",
        "[Update] {}", "(Updated) {}", "【Update】{}", "Just in | {}", "UPDATE 2-{}", "UPDATE {}", "🚨 Breaking 🚨 {}",
        "*BREAKING* {}", "++ Eilmeldung ++ {}", "Update｜{}", "重磅！{}", "{} :: Video", "{} « Update",
        "Update: Breaking: {}", "Eilmeldung: {}", "Última hora: {}", "Срочно: {}", "速報：{}", "{} (updated)",
        "{} [Video]",
        "The {}", "{}!", "  {}  ", "“{}”",
    ],
)  # fmt: skip
def test_known_wrapping_comes_off(wrapped: str) -> None:
    assert headline(wrapped.format(TITLE)).firm & headline(TITLE.replace("'", "’")).firm


@pytest.mark.parametrize(
    "wrapped", ["Hot off the press: {}", "Tidewatch: {}", "{} | The Tarran Post", "{} - Tidewatch"]
)
def test_unknown_wrapping_comes_off_loosely(wrapped: str) -> None:
    assert headline(wrapped.format(TITLE)).loose & headline(TITLE).firm


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Weekly roundup #12", "Weekly roundup #13"),
        ("Jekyll 3.1.2 released", "Jekyll 3.1.3 released"),
        ("Daily digest · May 19, 2026", "Daily digest · May 22, 2026"),
        ("Part two: the gears", "Part three: the gears"),
        ("Episode 12: the ferry talk", "Episode 13: the ferry talk"),
        ("Links for Monday", "Links for Friday"),
        ("Tarran OS 11.1 Beta1", "Tarran OS 11.1 RC1"),
        ("塔兰公司投资3亿元建船厂", "塔兰公司投资5亿元建船厂"),
        ("三体 之 10 光", "三体 之 11 光"),
    ],
)
def test_numbers_of_a_series_differ_in_their_markers(one: str, other: str) -> None:
    a, b = headline(one), headline(other)
    assert not (a.firm | a.loose) & (b.firm | b.loose)
    assert a.markers - b.markers
    assert b.markers - a.markers


def test_a_figure_between_signs_is_a_word() -> None:
    assert headline("塔兰公司投资3亿元建船厂").markers == {"3"}


def test_one_headline_under_two_labels_is_rewrapped() -> None:
    bare, new = headline(TITLE), headline(f"New: {TITLE}")
    assert rewrapped(bare, new)
    assert rewrapped(new, headline(f"Big News: {TITLE}"))
    assert not rewrapped(bare, headline(f"The {TITLE}!"))
    assert not rewrapped(bare, headline(f"Explained: {TITLE}"))
    assert not rewrapped(bare, headline(f"Tidewatch: {TITLE}"))


def test_titles_that_come_again_are_known() -> None:
    assert all(
        headline(title).series for title in ("Friday links", "This week in rail", "Weekly notes", "Links for May")
    )
    assert not any(
        headline(title).series for title in (TITLE, "Firm links two harbours by cable", "Ferry due next week")
    )


@given(st.text())
def test_any_title_is_taken(title: str) -> None:
    headline(title)

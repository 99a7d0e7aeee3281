"""What an inbox shows: subject and preheader."""

from __future__ import annotations

import pytest

from newsletter.preflight.known import Known
from newsletter.preflight.rules import subject
from tests.preflight.judging import examined, said

LINE = "What the harbour town does next, and why the trams of the city stood still"


def test_the_sample_is_silent() -> None:
    sample = examined()
    rules = (subject.long_subject, subject.shouting, subject.placeholder, subject.same_subject)
    rules += (subject.preheader_length, subject.preheader_repeats)
    assert [said(rule, sample) for rule in rules] == [""] * 6


@pytest.mark.parametrize(("length", "found"), [(71, "71 characters"), (70, ""), (1, "")])
def test_length(length: int, found: str) -> None:
    assert found in said(subject.long_subject, examined(subject="x" * length))
    assert bool(said(subject.long_subject, examined(subject="x" * length))) is bool(found)


@pytest.mark.parametrize(
    "words",
    [
        "THE TRAMS STOOD STILL",
        "Trams stood still!!",
        "Trams stood still???",
        "Trams?! Really?!",
        "Get $$$ today",
        "A! B! C!",
        "太好了！！",
    ],
)
def test_shouting(words: str) -> None:
    assert said(subject.shouting, examined(subject=words)).startswith("warn: The subject shouts")


@pytest.mark.parametrize(
    "words",
    [
        "NASA, ESA and JAXA agree",
        "BBC, ITV",
        "Yahoo! buys a tram",
        "Really?",
        "Say hi! And bye!",
        "四百辆电车停运",
        "A $5 tram",
        "Die GEMA klagt gegen YouTube",
    ],
)
def test_no_shouting(words: str) -> None:
    assert said(subject.shouting, examined(subject=words)) == ""


@pytest.mark.parametrize(
    "words",
    [
        "Lorem ipsum dolor",
        "TODO: title",
        "Hello {{ name }}",
        "Hello %%FNAME%%",
        "Hi *|FNAME|*",
        "[Preview] Trams",
        "test",
        "Test mail 3",
        "Untitled",
        "{% if x %}",
        "[Your headline here]",
    ],
)
def test_placeholders(words: str) -> None:
    assert "looks unfinished" in said(subject.placeholder, examined(subject=words))


@pytest.mark.parametrize(
    "words",
    [
        "Testing times for trams",
        "Todo sobre los tranvías",
        "A test of patience",
        "100% of trams",
        "The subject of trams",
        "My to-do list",
        "Tests at last",
        "[Update] Trams",
    ],
)
def test_no_placeholders(words: str) -> None:
    assert said(subject.placeholder, examined(subject=words)) == ""


def test_the_same_subject_as_before() -> None:
    former = Known(former_subject="One spare part,  FOUR hundred silent trams")
    assert "had the same subject" in said(
        subject.same_subject, examined(known=former, subject="One spare part, four hundred silent trams")
    )
    assert said(subject.same_subject, examined(known=former, subject="One spare part")) == ""
    assert said(subject.same_subject, examined(subject="x")) == ""


@pytest.mark.parametrize(
    ("preheader", "found"),
    [
        ("", "There is no preheader"),
        ("\u034f\u200c\u00a0" * 60, "There is no preheader"),
        ("Short" + "\u034f\u200c\u00a0" * 60, "has 5 characters"),
        ("x" * 101, "has 101 characters"),
        ("x" * 40, ""),
        ("x" * 100 + "\u034f\u200c\u00a0" * 60, ""),
    ],
)
def test_the_preheaders_length_without_its_filling(preheader: str, found: str) -> None:
    told = said(subject.preheader_length, examined(preheader=preheader))
    assert found in told
    assert bool(told) is bool(found)


@pytest.mark.parametrize(
    ("preheader", "html", "found"),
    [
        ("Silent trams and more of it", "", "repeats the subject"),
        ("silent trams", "", "repeats the subject"),
        ("Trams, silent: why?", "", ""),
        (
            LINE,
            f"<div style='display:none'>{LINE}</div><p>{LINE} yesterday.</p>",
            "repeats the first words of the body",
        ),
        (LINE, f"<div style='display:none'>{LINE}&nbsp;&zwnj;</div><h1>The Example</h1><p>{LINE}</p>", ""),
    ],
)
def test_the_preheader_says_something_new(preheader: str, html: str, found: str) -> None:
    told = said(subject.preheader_repeats, examined(subject="Silent trams", preheader=preheader, html=html))
    assert found in told
    assert bool(told) is bool(found)

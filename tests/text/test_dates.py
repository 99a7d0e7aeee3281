"""Dates as a language writes them, and as a narrow column breaks them."""

from __future__ import annotations

from datetime import date

import pytest
from babel.dates import get_month_names

from newsletter.text.dates import full_date, long_date, unbroken
from tests.digests import TEMPLATES

LANGUAGES = sorted({file.stem for file in (TEMPLATES / "web/words").iterdir()} - {"zh"})  # which has no spaces


@pytest.mark.parametrize("language", [*LANGUAGES, "en-GB", "de-AT"])
@pytest.mark.parametrize("month", range(1, 13))
def test_no_line_ends_between_day_and_month(month: int, language: str) -> None:
    name = get_month_names("wide", "format", language.replace("-", "_"))[month]
    for day in (1, 20):
        for write in (full_date, long_date):
            written = write(date(2026, month, day), language)
            kept = unbroken(written)
            [together] = [part for part in kept.split(" ") if name in part]
            assert str(day) in together.replace("2026", ""), kept
            assert kept.replace("\u00a0", " ") == written
            assert " " in kept or " " not in written  # the rest may break


@pytest.mark.parametrize("text", ["2026-11-20", "", "2026年11月20日"])
def test_what_has_no_spaces_stays_as_it_is(text: str) -> None:
    assert unbroken(text) == text

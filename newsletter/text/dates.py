"""Dates and numbers as a language writes them, and the way it is read (Unicode's CLDR, by babel)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, get_day_names
from babel.lists import format_list
from babel.numbers import format_decimal

_DAY_MONTH = re.compile(
    r"(?<!\d)\d{1,2}(?:er|\.)? (?:de )?(?=[^\W\d])"
)  # 20 November, 20. November, 1er mai, 2 de mayo
_MONTH_DAY = re.compile(r"([^\W\d]) (?=\d{1,2}(?!\d))")  # November 20


def full_date(day: date, language: str) -> str:
    """`Friday, 20 November 2026` in the language (a tag like en-GB); a language without data gives 2026-11-20."""
    return _format(day, language, "full")


def long_date(day: date, language: str) -> str:
    """`20 November 2026`. Pass a date that is local to the reader's edition; this knows no time zones."""
    return _format(date(day.year, day.month, day.day), language, "long")


def unbroken(written: str) -> str:
    """A date as HTML shows it: no line ends between the day's number and the month, whichever comes first."""
    joined = _DAY_MONTH.sub(lambda found: found[0].replace(" ", "\u00a0"), written, count=1)
    return joined if joined != written else _MONTH_DAY.sub("\\1\u00a0", written, count=1)


def weekdays(days: Sequence[int], language: str) -> str:
    """`Monday, Wednesday and Friday` in the language; 0 is Monday."""
    locale = _locale(language) or Locale("en")
    names = get_day_names("wide", "format", locale)
    return format_list([names[day] for day in days], locale=locale)


def direction(language: str) -> str:
    """ltr or rtl."""
    locale = _locale(language)
    return locale.text_direction if locale else "ltr"


def number(count: int, language: str) -> str:
    """`1,234` in English, `1.234` in German."""
    return format_decimal(count, locale=_locale(language) or "en")


def plural_form(count: int, language: str) -> str:
    """Zero, one, two, few, many or other, by the language's own rules; a language without data has English ones."""
    locale = _locale(language) or Locale("en")
    return str(locale.plural_form(count))


@lru_cache(maxsize=4096)  # a send writes one date per reader, and they are few
def _format(day: date, language: str, width: str) -> str:
    locale = _locale(language)
    return format_date(day, width, locale=locale) if locale else day.strftime("%Y-%m-%d")


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale | None:
    """The language of a tag, or failing that its first part: en-XX is read as en."""
    for tag in (language, language.split("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return None

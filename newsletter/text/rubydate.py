"""Dates as people write them and Ruby's `Time.parse` reads them: "Jan 9, 2015", 2025-08-20 16:18, 09/01/2015 …

The order of the attempts is the rule: what an earlier one takes, a later one does not see. Each attempt is a pattern
and what its groups mean; the first that matches wins.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from newsletter.text.civil import local_time

Fields = dict[str, int]
_Take = Callable[[re.Match[str], Fields], None]

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_ERA = r"(c(?:e|\.e\.)|b(?:ce|\.c\.e\.)|a(?:d|\.d\.)|b(?:c|\.c\.))?"
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_ZONES |= dict.fromkeys(("UTC", "Z", "UT", "GMT"), 0)
_ZONES |= {letter: hour for hour, letter in enumerate("ABCDEFGHIKLM", 1)}
_ZONES |= {letter: -hour for hour, letter in enumerate("NOPQRSTUVWXY", 1)}
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]([01]?\d|2[0-3]):(\d\d)(?::(\d\d))?(?: ?(Z|[+-]\d\d:?\d\d))?)?", re.ASCII
)


def parse(text: str, zone: tzinfo, now: datetime) -> datetime:
    """The moment that `text` means in `zone`, in UTC and in whole seconds.

    What it leaves out larger than what it names ("Jan 9") comes from `now`. Raises ValueError when it names no time.
    """
    if found := _ISO.fullmatch(text):
        return _iso(found, zone)
    fields, offset_name = _fields(text)
    if not fields:
        raise ValueError(f"{text!r} is no date")
    return _moment(fields, offset_name, zone, now)


def _iso(found: re.Match[str], zone: tzinfo) -> datetime:
    """The way nearly everybody writes, without the detour."""
    naive = local_time(*(int(part or 0) for part in found.groups()[:6]))
    if offset := found[7]:
        if offset == "Z":
            return naive.replace(tzinfo=UTC)
        minutes = int(offset[1:3]) * 60 + int(offset[-2:])
        return (naive - timedelta(minutes=-minutes if offset[0] == "-" else minutes)).replace(tzinfo=UTC)
    return naive.replace(tzinfo=zone).astimezone(UTC)


def _fields(text: str) -> tuple[Fields, str]:
    """year, month, day, yday, hour, minute, second as far as they stand there, and the name of an offset."""
    text = re.sub(r"(?![0-9])\d", "\u00aa", text)  # only ASCII's digits are digits to Ruby; the rest are like letters
    text = re.sub(r"[^-+',./:@\w\[\]]+|_+", " ", text)
    fields: Fields = {}
    text = _cut(_WEEKDAY, text, lambda _found: None)
    offsets: list[str] = []
    text = _cut(_TIME, text, lambda found: _take_time(found, fields, offsets))
    for pattern, veto, take in _ATTEMPTS:
        found = pattern.search(text)
        if found and not (veto and veto.search(text)):
            text = f"{text[: found.start()]} {text[found.end() :]}"
            take(found, fields)
            if take is _take_digits and found[5]:
                offsets[:] = [found[5]]
            break
    _take_rest(text, fields)
    _widen_year(fields)
    return fields, offsets[0] if offsets else ""


def _cut(pattern: re.Pattern[str], text: str, take: Callable[[re.Match[str]], None]) -> str:
    found = pattern.search(text)
    if not found:
        return text
    take(found)
    return f"{text[: found.start()]} {text[found.end() :]}"


_WEEKDAY = re.compile(r"\b(sun|mon|tue|wed|thu|fri|sat)[^-/\d\s]*", re.IGNORECASE)
_TIME = re.compile(
    r"((?:\d+\s*:\s*\d+(?:\s*:\s*\d+(?:[,.]\d*)?)?|\d+\s*h(?:\s*\d+m?(?:\s*\d+s?)?)?)(?:\s*[ap](?:m\b|\.m\.))?"
    r"|\d+\s*[ap](?:m\b|\.m\.))"
    r"(?:\s*((?:gmt|utc?)?[-+]\d+(?:[,.:]\d+(?::\d+)?)?"
    r"|[^\W\d_.]?(?:[^\W\d_]|[.\s])+(?:standard|daylight)\stime\b|[^\W\d_]+(?:\sdst)?\b))?",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(\d+)h?(?:\s*:?\s*(\d+)m?(?:\s*:?\s*(\d+)(?:[,.](\d+))?s?)?)?(?:\s*([ap])(?:m\b|\.m\.))?", re.IGNORECASE
)


def _take_time(found: re.Match[str], fields: Fields, offsets: list[str]) -> None:
    if found[2]:
        offsets.append(found[2])
    clock = _CLOCK.match(found[1])
    if not clock:
        return
    hour = int(clock[1])
    if clock[5]:
        hour = hour % 12 + (12 if clock[5] in "pP" else 0)
    fields["hour"] = hour
    if clock[2]:
        fields["minute"] = int(clock[2])
    if clock[3]:
        fields["second"] = int(clock[3])


def _three(fields: Fields, year: str | None, month: str | None, day: str | None, bc: bool = False) -> None:
    """Sorts out which of three is which: a long number or one with an apostrophe is the year."""
    if year is not None and month is not None and day is None:
        year, month, day = None, year, month
    if year is None and day is not None and (len(day) > 2 or day[0] == "'"):
        year, day = day, None
    if year is not None:
        number = re.search(r"[-+]?\d+", year)
        if number and number.end() < len(year):
            year, day = day, number[0]
    if month is not None and (month[0] == "'" or len(month) > 2):
        year, month, day = month, day, year
    if day is not None and (day[0] == "'" or len(day) > 2):
        year, day = day, year
    if year is not None and (number := re.search(r"([-+]?)(\d+)", year)):
        fields["year"] = int(number[0])
        if number[1] or len(number[2]) > 2:
            fields["full"] = 1
    if bc:
        fields["bc"] = 1
    if month is not None and (number := re.search(r"\d+", month)):
        fields["month"] = int(number[0])
    if day is not None and (number := re.search(r"\d+", day)):
        fields["day"] = int(number[0])


def _month(name: str) -> str:
    return str(_MONTHS.split("|").index(name[:3].lower()) + 1)


def _take_digits(found: re.Match[str], fields: Fields) -> None:
    """A run of digits: 20150109, 20150109T1800, 0109, 15009 (the year's 9th day) …"""
    sign, digits, clock, fraction, _ = found.groups()
    backwards = clock is None and fraction is not None
    layout = _BACKWARDS.get(len(digits)) if backwards else _FORWARDS.get(len(digits))
    _take_layout(digits, layout or (), fields)
    if "year" in fields:
        fields["year"] *= -1 if sign == "-" else 1
        if len(digits) >= 8 and (not backwards or len(digits) == 14):
            fields["full"] = 1
    if clock and len(clock) in (2, 4, 6):
        names = ("hour", "minute", "second")
        pairs = [int(clock[at : at + 2]) for at in range(0, len(clock), 2)]
        fields.update(zip(names[-len(pairs) :] if fraction is not None else names, pairs, strict=False))


_Layout = tuple[tuple[str, int], ...]
_DAY: _Layout = (("month", 2), ("day", 2))
_CLOCKS: _Layout = (("hour", 2), ("minute", 2), ("second", 2))
_FORWARDS: dict[int, _Layout] = {
    2: (("day", 2),),
    3: (("yday", 3),),
    4: _DAY,
    5: (("year", 2), ("yday", 3)),
    6: (("year", 2), *_DAY),
    7: (("year", 4), ("yday", 3)),
    8: (("year", 4), *_DAY),
    10: (("year", 4), *_DAY, *_CLOCKS[:1]),
    12: (("year", 4), *_DAY, *_CLOCKS[:2]),
    14: (("year", 4), *_DAY, *_CLOCKS),
}
_BACKWARDS: dict[int, _Layout] = {
    2: _CLOCKS[2:],
    3: (("minute", 1), ("second", 2)),
    4: _CLOCKS[1:],
    5: (("hour", 1), *_CLOCKS[1:]),
    6: _CLOCKS,
    7: (("day", 1), *_CLOCKS),
    8: (("day", 2), *_CLOCKS),
    10: (*_DAY, *_CLOCKS),
    12: (("year", 2), *_DAY, *_CLOCKS),
    14: (("year", 4), *_DAY, *_CLOCKS),
}


def _take_layout(digits: str, layout: _Layout, fields: Fields) -> None:
    at = 0
    for name, width in layout:
        fields[name] = int(digits[at : at + width])
        at += width


def _named(*names: str) -> _Take:
    def take(found: re.Match[str], fields: Fields) -> None:
        for name, text in zip(names, found.groups(), strict=False):
            if text is not None:
                fields[name] = int(text)

    return take


def _nothing(found: re.Match[str], fields: Fields) -> None:
    """ISO weeks: understood as a date, but Time.parse makes no time of them."""


_JAPANESE = {"m": 1867, "t": 1911, "s": 1925, "h": 1988}


def _take_japanese(found: re.Match[str], fields: Fields) -> None:
    fields.update(year=int(found[2]) + _JAPANESE[found[1].lower()], month=int(found[3]), day=int(found[4]))


def _attempt(pattern: str, take: _Take, veto: str = "") -> tuple[re.Pattern[str], re.Pattern[str] | None, _Take]:
    return re.compile(pattern, re.IGNORECASE), re.compile(veto, re.IGNORECASE) if veto else None, take


_ATTEMPTS = (
    _attempt(  # 9 Jan 2015
        rf"('?\d+)[^-\d\s]*\s*({_MONTHS})[^-\d\s']*(?:\s*{_ERA}\s*('?-?\d+(?:(?:st|nd|rd|th)\b)?))?",
        lambda found, fields: _three(fields, found[4], _month(found[2]), found[1], _before(found[3])),
    ),
    _attempt(  # Jan 9, 2015
        rf"\b({_MONTHS})[^-\d\s']*\s*('?\d+)[^-\d\s']*(?:\s*,?\s*{_ERA}\s*('?-?\d+))?",
        lambda found, fields: _three(fields, found[4], _month(found[1]), found[2], _before(found[3])),
    ),
    _attempt(r"('?[-+]?\d+)-(\d+)-('?-?\d+)", lambda found, fields: _three(fields, found[1], found[2], found[3])),
    _attempt(r"\b([mtsh])(\d+)\.(\d+)\.(\d+)", _take_japanese),
    _attempt(
        rf"('?-?\d+)-({_MONTHS})[^-/.]*-('?-?\d+)",
        lambda found, fields: _three(fields, found[3], _month(found[2]), found[1]),
    ),
    _attempt(
        rf"\b({_MONTHS})[^-/.]*-('?-?\d+)(?:-('?-?\d+))?",
        lambda found, fields: _three(fields, found[3], _month(found[1]), found[2]),
    ),
    _attempt(
        r"('?-?\d+)/\s*('?\d+)(?:\D\s*('?-?\d+))?", lambda found, fields: _three(fields, found[1], found[2], found[3])
    ),
    _attempt(
        r"('?-?\d+)\.\s*('?\d+)\.\s*('?-?\d+)", lambda found, fields: _three(fields, found[1], found[2], found[3])
    ),
    _attempt(r"\b(\d{2}|\d{4})?-?w(\d{2})(?:-?(\d))?\b", _nothing),
    _attempt(r"-w-(\d)\b", _nothing),
    _attempt(r"--(\d{2})?-(\d{2})\b", _named("month", "day")),
    _attempt(r"--(\d{2})(\d{2})?\b", _named("month", "day")),
    _attempt(r"\b(\d{2}|\d{4})-(\d{3})\b", _named("year", "yday"), veto=r"[,.](\d{2}|\d{4})-\d{3}\b"),
    _attempt(r"\b-(\d{3})\b", _named("yday"), veto=r"\d-\d{3}\b"),
    _attempt(r"'(\d+)\b", _named("year")),
    _attempt(rf"\b({_MONTHS})\S*", lambda found, fields: fields.update(month=int(_month(found[1])))),
    _attempt(r"(\d+)(?:st|nd|rd|th)\b", _named("day")),
    _attempt(
        r"([-+]?)(\d{2,14})(?:\s*t?\s*(\d{2,6})?(?:[,.](\d*))?)?(?:\s*(z\b|[-+]\d{1,4}\b|\[[-+]?\d[^\]]*\]))?",
        _take_digits,
    ),
)


def _before(era: str | None) -> bool:
    return bool(era) and str(era)[0] in "bB"


def _take_rest(text: str, fields: Fields) -> None:
    if re.search(r"\b(bc\b|bce\b|b\.c\.|b\.c\.e\.)", text, re.IGNORECASE):
        fields["bc"] = 1
    lone = re.fullmatch(r"\s*(\d{1,2})\s*", text)
    if not lone:
        return
    if "hour" in fields and "day" not in fields and 1 <= int(lone[1]) <= 31:
        fields["day"] = int(lone[1])
    elif "day" in fields and "hour" not in fields and int(lone[1]) <= 24:
        fields["hour"] = int(lone[1])


def _widen_year(fields: Fields) -> None:
    """Two digits: 69 … 99 are the last century's."""
    bc, full = fields.pop("bc", 0), fields.pop("full", 0)
    if "year" not in fields:
        return
    if bc:
        fields["year"] = 1 - fields["year"]
    if not full and 0 <= fields["year"] <= 99:
        fields["year"] += 1900 if fields["year"] >= 69 else 2000


def _moment(fields: Fields, offset_name: str, zone: tzinfo, now: datetime) -> datetime:
    offset = _offset(offset_name, zone, fields.get("year", now.year))
    filled = _filled(fields, now.astimezone(zone if offset is None else timezone(timedelta(seconds=offset))))
    if "yday" in filled:
        filled = _on_yday(filled)
    if offset is None:
        return _civil(filled).replace(tzinfo=zone).astimezone(UTC)
    return _civil(_shifted(filled, -offset)).replace(tzinfo=UTC)


def _shifted(fields: Fields, seconds: int) -> Fields:
    """The fields moved by an offset, unit by unit; an hour past 24 is carried only when an offset moves it."""
    shifted = {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0, **fields}
    sign = -1 if seconds < 0 else 1
    rest = abs(seconds)
    for name, size in (("second", 60), ("minute", 60), ("hour", 24)):
        rest, part = divmod(rest, size)
        if part:
            carry, shifted[name] = divmod(shifted[name] + sign * part, size)
            rest += sign * carry
    shifted["day"] += sign * rest
    return _on_calendar(shifted, sign) if rest else shifted


def _on_calendar(fields: Fields, direction: int) -> Fields:
    """Moved past a month's end, a day becomes the next month's first (or the previous one's last), as Ruby has it."""
    year, month, day = fields["year"], fields["month"], fields["day"]
    if direction > 0 and 1 <= month <= 12 and day > monthrange(year, month)[1]:
        year, month, day = (year + 1, 1, 1) if month == 12 else (year, month + 1, 1)
    elif direction < 0 and day < 1:
        year, month = (year - 1, 12) if month <= 1 else (year, month - 1)
        day = monthrange(year, month)[1]
    return {**fields, "year": year, "month": month, "day": day}


def _filled(fields: Fields, now: datetime) -> Fields:
    """What is larger than the largest field named comes from `now`."""
    filled = dict(fields)
    for name in ("year", "month", "day", "hour", "minute", "second"):
        if name in fields or (name != "year" and "yday" in fields):
            return filled
        filled[name] = getattr(now, name)
    return filled


def _civil(fields: Fields) -> datetime:
    return local_time(
        fields["year"],
        fields.get("month", 1),
        fields.get("day", 1),
        fields.get("hour", 0),
        fields.get("minute", 0),
        fields.get("second", 0),
    )


def _on_yday(fields: Fields) -> Fields:
    if not 1 <= fields["yday"] <= 366:
        raise ValueError("there is no such day of the year")
    date = local_time(fields["year"], 1, 1) + timedelta(days=fields["yday"] - 1)
    if date.year != fields["year"]:
        raise ValueError("there is no such day of that year")
    return {**fields, "month": date.month, "day": date.day}


def _offset(name: str, zone: tzinfo, year: int) -> int | None:
    """Seconds east of UTC; None for a name that Ruby ignores too."""
    name = name.upper()
    if found := re.fullmatch(r"([-+])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?", name):
        seconds = int(found[2]) * 3600 + int(found[3] or 0) * 60 + int(found[4] or 0)
        return -seconds if found[1] == "-" else seconds
    if name in _ZONES:
        return _ZONES[name] * 3600
    for month in (1, 7) if name and 1 <= year <= 9999 else ():
        local = datetime(year, month, 1, tzinfo=zone)
        if (local.tzname() or "").upper() == name:
            return int((local.utcoffset() or timedelta()).total_seconds())
    return None

"""Dates as feeds write them: RFC 822 and ISO 8601 as they should be, and whatever else is sent."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from newsletter.text import rubydate

_LONGEST = 80
_POSIX = re.compile(r"(\d{10})(?:\d{3}|\.\d{1,6})?", re.ASCII)
_EASTERN = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]", re.ASCII)
_SLASHES = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4})\b", re.ASCII)
_HOURS = (  # east of Greenwich; RFC 822's own names are known to everybody
    *((1, "WEST BST CET MEZ"), (2, "CEST MESZ EET SAST"), (3, "EEST MSK"), (5.5, "IST"), (8, "HKT SGT AWST")),
    *((9, "JST KST"), (10, "AEST"), (11, "AEDT"), (12, "NZST"), (13, "NZDT")),
    *((-3, "BRT"), (-8, "AKDT"), (-9, "AKST"), (-10, "HST")),
)
_ZONES = {name: timedelta(hours=hours) for hours, names in _HOURS for name in names.split()}
_ZONE = re.compile(rf"(?<=[\d\sMm])\s*\b({'|'.join(_ZONES)})$")
_CLOCKS = (datetime(1993, 2, 11, 3, 4, 5, tzinfo=UTC), datetime(2007, 10, 27, 16, 17, 18, tzinfo=UTC))


def moment(text: str) -> datetime | None:
    """The moment that `text` names, in UTC, as it is where no zone stands; None where it names no whole date."""
    text = " ".join(_EASTERN.sub(r"\1-\2-\3 ", text[: _LONGEST + 1]).split())
    if not text.isascii() or len(text) > _LONGEST:
        return None
    if seconds := _POSIX.fullmatch(text):
        return within_reason(datetime.fromtimestamp(int(seconds[1]), UTC))
    shift = timedelta()
    if zone := _ZONE.search(text):
        text, shift = text[: zone.start()], _ZONES[zone[1]]
    try:
        # Read at two times: what differs, or is missing in one, was taken from the clock and not from the text.
        one, other = (rubydate.parse(_SLASHES.sub(_year_first, text), UTC, now) for now in _CLOCKS)
        return within_reason(one - shift) if one == other else None
    except (ValueError, OverflowError):
        return None


def within_reason(found: datetime) -> datetime | None:
    """None for what software writes that knows no date."""
    return found if found.year >= 1971 else None


def _year_first(found: re.Match[str]) -> str:
    """With slashes the month comes first, where it can."""
    first, second, year = found.groups()
    return f"{year}-{second}-{first}" if int(first) > 12 else f"{year}-{first}-{second}"

"""Times as an operator types them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from newsletter.domain.occurrence import first_instant
from newsletter.errors import UsageError
from newsletter.text.clocks import moment

_FIRST_YEAR, _LAST_YEAR = 1970, 9998  # there is room for a look back, and for any zone
_END_OF_DAY = time(23, 59, 59, tzinfo=UTC)


def as_of_moment(text: str) -> datetime:
    """A time as it is written, UTC without an offset; a date alone stands for all of that day, to its end in UTC."""
    day = _date("--as-of", text)
    like = "a date like 2026-11-27, or a time like 2026-11-27T08:00 or 2026-11-27T08:00+01:00"
    at = datetime.combine(day, _END_OF_DAY) if day else _time("--as-of", text, like)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def moment_ahead(text: str, zone: str, now: datetime) -> datetime:
    """A time that is still to come; without an offset by the clocks of `zone`, read as a schedule reads them."""
    if _date("--at", text):
        raise UsageError(f"--at {text}: say at what time of that day, like “{text} 09:00”.")
    wall = _time("--at", text, f"a time like “2026-12-01 09:00” (clocks of {zone}) or 2026-12-01T09:00+01:00")
    at = first_instant(wall, ZoneInfo(zone)) if wall.tzinfo is None else wall.astimezone(UTC)
    if at <= now:
        raise UsageError(f"--at {text}: {moment(at, zone)} has passed; it is {moment(now, zone)}.")
    return at


def _date(option: str, text: str) -> date | None:
    """None when there is more than a date in it, or none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    _demand_year(option, text, day.year)
    return day


def _time(option: str, text: str, like: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: write {like}.") from None
    _demand_year(option, text, at.year)
    return at


def _demand_year(option: str, text: str, year: int) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise UsageError(f"{option} {text}: write a year from {_FIRST_YEAR} to {_LAST_YEAR}.")

"""Dates as Ruby takes them: 29 February of any year, 24:00:00 and second 60 roll over instead of failing."""

from __future__ import annotations

from datetime import datetime, timedelta


def local_time(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """A naive datetime. Raises ValueError for what Ruby's Time.local refuses too, OverflowError past year 9999."""
    if not (1 <= month <= 12 and 1 <= day <= 31 and 0 <= hour <= 24 and 0 <= minute <= 59 and 0 <= second <= 60):
        raise ValueError("argument out of range")
    if hour == 24 and (minute or second):
        raise ValueError("argument out of range")
    if day <= 28 and hour < 24 and second < 60:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone is the site's, and is put on later
    days, seconds = day - 1, hour * 3600 + minute * 60 + second
    return datetime(year, month, 1) + timedelta(days=days, seconds=seconds)  # noqa: DTZ001 - as above

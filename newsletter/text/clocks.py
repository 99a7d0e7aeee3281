"""How a time is said to a person: by the clocks of a zone, and by which."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def moment(at: datetime, zone: str) -> str:
    """`Fri 27 Nov 2026 08:00 GMT`: the wall clock of `zone`, and which one it is."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y %H:%M} {local.tzname()}"


def day(at: datetime, zone: str) -> str:
    """`27 Nov 2026`, where it is that day in `zone`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y}"

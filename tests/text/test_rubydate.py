"""Dates as Ruby's Time.parse reads them; the expectations are Ruby 3.1's answers."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.text import rubydate

NOW = datetime(2026, 11, 23, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2025-08-20 16:18", "2025-08-20T16:18:00"),
        ("2016-06-6", "2016-06-06T00:00:00"),
        ("09/01/2015", "2015-01-09T00:00:00"),
        ("2015/01/09", "2015-01-09T00:00:00"),
        ("Jan 9, 2015", "2015-01-09T00:00:00"),
        ("9 January 2015 5:30 pm", "2015-01-09T17:30:00"),
        ("Friday, 9 Jan 2015 18:00:00 PST", "2015-01-10T02:00:00"),
        ("2015-01-09 18:00:00 -0800", "2015-01-10T02:00:00"),
        ("2021-02-08 16:30-:00", "2021-02-08T16:30:00"),
        ("2014-02-29", "2014-03-01T00:00:00"),
        ("15-01-09", "2015-01-09T00:00:00"),
        ("20150109", "2015-01-09T00:00:00"),
        ("20150109T1830", "2015-01-09T18:30:00"),
        ("2015-009", "2015-01-09T00:00:00"),
        ("Jan 9", "2026-01-09T00:00:00"),
        ("10:30", "2026-11-23T10:30:00"),
        ("H27.1.9", "2015-01-09T00:00:00"),
        ("9-Jan-2015", "2015-01-09T00:00:00"),
        ("1999-10-10 24:00", "1999-10-11T00:00:00"),
        ("2015.01.09 18h30", "2015-01-09T18:30:00"),
    ],
)
def test_as_ruby_reads_it(text: str, means: str) -> None:
    assert rubydate.parse(text, UTC, NOW) == datetime.fromisoformat(f"{means}+00:00")


@pytest.mark.parametrize("text", ["", "soon", "1421000000", "2013-13-45", "2013-12-32", "2015-01-09 25:00", "37800"])
def test_what_ruby_refuses(text: str) -> None:
    with pytest.raises(ValueError):
        rubydate.parse(text, UTC, NOW)


def test_a_naive_time_is_local_to_the_site() -> None:
    zone = ZoneInfo("America/New_York")
    assert rubydate.parse("2015-01-09 18:00", zone, NOW) == datetime(2015, 1, 9, 23, tzinfo=UTC)
    assert rubydate.parse("2015-07-09 18:00 EDT", zone, NOW) == datetime(2015, 7, 9, 22, tzinfo=UTC)
    assert rubydate.parse("2015-07-09 18:00 CEST", ZoneInfo("Europe/Berlin"), NOW).hour == 16


@given(
    st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001 - hypothesis wants them naive
    st.integers(-12 * 60, 14 * 60),
)
def test_what_iso_8601_means(moment: datetime, offset: int) -> None:
    moment = moment.replace(microsecond=0)
    sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    written = f"{moment:%Y-%m-%d %H:%M:%S} {sign}{hours:02}{minutes:02}"
    assert rubydate.parse(written, UTC, NOW) == (moment - timedelta(minutes=offset)).replace(tzinfo=UTC)


@given(st.text(st.sampled_from("0123456789-/:., TZ+'apmJanFebst"), max_size=24))
def test_only_errors_of_value_come_out(text: str) -> None:
    with contextlib.suppress(ValueError, OverflowError):
        assert rubydate.parse(text, UTC, NOW).tzinfo is UTC

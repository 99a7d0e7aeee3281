"""The log: the same facts as words and as JSON, in UTC, and nobody's address in it above debug."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.domain.accounting import Accounting
from newsletter.domain.issue import IssueState
from newsletter.logs import Format, set_up, tell
from newsletter.watch import Watch
from tests.web.site import make_app, write_issue
from tests.web.test_connections import client, ended, served


@pytest.fixture(autouse=True)
def _left_as_found() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("newsletter")
    before = (root.handlers, root.level, ours.handlers, ours.level)
    libraries = {name: logging.getLogger(name).level for name in ("uvicorn.error", "python_multipart")}
    yield
    for name, level in libraries.items():
        logging.getLogger(name).setLevel(level)
    (root.handlers, root.level, ours.handlers, ours.level) = before


def logged(form: Format = "text", level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    set_up(stream, form, level)
    return stream


def test_a_line_of_words() -> None:
    stream = logged()
    tell(logging.getLogger("newsletter.test"), logging.INFO, "issue_ended", "issue 1 is sent", issue=1)
    logging.getLogger("newsletter.test").warning("a \x1b[31mtrap\nof two lines")
    first, second, third = stream.getvalue().splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ issue 1 is sent", first)
    assert second.endswith("Z warning: a  [31mtrap")
    assert third == "    of two lines"


def test_a_json_line_holds_the_facts() -> None:
    stream = logged("json")
    tell(logging.getLogger("newsletter.test"), logging.WARNING, "issue_waits", "issue 1 waits: 7 %s", issue=1, sent=2)
    told = json.loads(stream.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told.pop("time"))
    assert told == {
        "level": "warning", "event": "issue_waits", "message": "issue 1 waits: 7 %s", "issue": 1, "sent": 2,
    }  # fmt: skip


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_address_above_debug_whoever_wrote_it(form: Format) -> None:
    stream = logged(form, "debug")
    log = logging.getLogger("newsletter.test")
    tell(log, logging.INFO, "x", "550 <ada@example.org>: unknown", words="bob%40example.net", all=["eve@example.com"])
    try:
        raise ValueError("parameters: ('grace@example.org', 1)")
    except ValueError:
        logging.getLogger("some.library").exception("it failed for %s", "hedy@example.org")
    assert not re.search(r"\b(ada|bob|eve|grace|hedy)\b|@", stream.getvalue())
    assert "example.org" in stream.getvalue()
    log.debug("sent to ada@example.org")
    assert "ada@example.org" in stream.getvalue()


def test_below_the_level_nothing_is_written() -> None:
    stream = logged(level="warning")
    logging.getLogger("newsletter.test").info("never mind")
    logging.getLogger("some.library").info("never mind")
    assert stream.getvalue() == ""


JUNK = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01 hello\r\n\r\n",
    "a WebSocket": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n",
    "a form that breaks off": b"--b\rX",
    "a form of no parts": b"nothing of the kind",
    "a part without an end": b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n--bX",
    "a header that is none": b"--b\r\n\x00: 1\r\n\r\n1\r\n--b--\r\n",
}


@pytest.mark.parametrize("level", ["info", "debug"])
def test_what_strangers_send_fills_no_log(tmp_path: Path, level: str) -> None:
    """Whoever looks for trouble, at level debug, sees it."""
    stream = logged(level=level)
    app = make_app(tmp_path)
    head = "POST /subscribe/tech HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    form = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n"
    with served(app) as port:
        for name, junk in JUNK.items():
            begun = b"" if name in ("no HTTP", "a WebSocket") else (head + form.format(len(junk))).encode()
            with client(port) as connection:
                connection.sendall(begun + junk)
                assert re.match(rb"HTTP/1.1 (200|4\d\d) ", ended(connection)), name
    app.database.close()
    told = [words for words in ("Invalid HTTP", "WebSocket", "boundary") if words in stream.getvalue()]
    assert told == ([] if level == "info" else ["Invalid HTTP", "WebSocket", "boundary"])
    assert level == "debug" or "warning" not in stream.getvalue()


def test_what_goes_wrong_with_us_is_told_by_the_server_too() -> None:
    stream = logged()
    logging.getLogger("uvicorn.error").error("Exception in ASGI application")
    assert "Exception in ASGI application" in stream.getvalue()


def test_what_a_delivery_waits_for_is_told_once_however_the_seconds_run_down(tmp_path: Path) -> None:
    stream = logged("json")
    app = make_app(tmp_path)
    watch = Watch(logging.getLogger("newsletter.test"), write_issue(app), timer=lambda: 0.0)
    for seconds in range(30, 0, -1):
        reason = f"keeping to the pace: the next may go in {seconds} seconds"
        watch(Accounting(1, IssueState.SENDING, 900, queued=900, reason=reason))
    watch(Accounting(1, IssueState.SENDING, 900, queued=900, reason="127.0.0.1:25: connection refused"))
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in told] == ["issue_begun", "issue_waits", "issue_waits"]


def test_a_delivery_is_told_at_its_beginning_each_minute_when_it_waits_and_at_its_end(tmp_path: Path) -> None:
    stream = logged("json")
    app = make_app(tmp_path)
    now = [0.0]
    watch = Watch(logging.getLogger("newsletter.test"), write_issue(app), timer=lambda: now[0])
    for second in range(130):
        now[0] = float(second)
        reason = "127.0.0.1:25: connection refused" if second in (5, 6, 7) else ""
        watch(
            Accounting(
                1, IssueState.SENDING, 900, sent=3 * second, queued=900 - 3 * second, reason=reason, seconds_left=180.2
            )
        )
    watch.ended(Accounting(1, IssueState.SENT, 900, sent=890, failed=10, seconds=140.0))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == [
        "issue_begun", "issue_waits", "issue_going", "issue_going", "issue_ended",
    ]  # fmt: skip
    assert (lines[1]["level"], lines[1]["reason"]) == ("warning", "127.0.0.1:25: connection refused")
    assert (lines[3]["sent"], lines[3]["rate"], lines[3]["seconds_left"]) == (360, 3.0, 180)
    ended = {"issue": 1, "newsletter": "tech", "edition": "uk", "state": "sent", "recipients": 900, "sent": 890}
    assert ended.items() <= lines[-1].items()
    assert lines[-1]["message"] == "issue 1 is sent: 890 sent, 10 failed, 0 still to come"


def test_what_is_deferred_is_still_to_come_and_is_not_told_each_minute(tmp_path: Path) -> None:
    stream = logged("json")
    app = make_app(tmp_path)
    now = [0.0]
    watch = Watch(logging.getLogger("newsletter.test"), write_issue(app), timer=lambda: now[0])
    for minute in range(10):
        now[0] = 60.0 * minute
        watch(Accounting(1, IssueState.SENDING, 347, sent=345, failed=1, deferred=1))
    watch.ended(Accounting(1, IssueState.SENDING, 347, sent=345, failed=1, deferred=1))
    told = [json.loads(line)["message"] for line in stream.getvalue().splitlines()]
    assert told == [
        "issue 1 is being sent: 1 of 347 still to come",
        "issue 1 is sending: 345 sent, 1 failed, 1 still to come, 1 of them deferred",
    ]

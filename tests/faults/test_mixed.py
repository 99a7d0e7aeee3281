"""Faults mixed at random: while they last the books are right, and when the server is well everybody gets the issue.

NEWSLETTER_MIXES sets how many mixtures are tried (5 here, some hundreds in the long run).
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from newsletter.domain.issue import IssueState
from newsletter.services import steer
from newsletter.services.delivery import deliver
from newsletter.store.database import Database
from tests.ledger import message_id, subscribe
from tests.sending import HASTY, PATIENT, check_the_books, lines, send, started
from tests.smtp_sink import BEGUN, CUT, HALF, ODD, Fault, Sink, reply

LONG = "NEWSLETTER_MIXES" in os.environ
MIXES = int(os.environ.get("NEWSLETTER_MIXES", "5"))
FIRST, READERS = 13, 40  # beside the twelve that the database has
GONE, LATER, NO = reply(421, "4.3.2 closing"), reply(451, "4.7.1 later"), reply(550, "5.1.1 nobody")
ANYWHERE = st.sampled_from([CUT, HALF, BEGUN, GONE, *ODD])
talking = st.tuples(
    st.sampled_from(["greeting", "EHLO", "RSET", "MAIL", "RCPT", "DATA", "dot", "QUIT"]), ANYWHERE | st.just(LATER)
)
in_the_body = st.tuples(st.sampled_from(["body", "middle"]), st.sampled_from([CUT, GONE]))
answering = st.tuples(st.just("answer"), st.sampled_from([CUT, HALF, BEGUN, *ODD]))
refusing = st.tuples(st.sampled_from(["RCPT", "DATA", "dot"]), st.just(NO))
SOON = replace(PATIENT, group=0.5)  # for a server that forgets what came behind a message
faults = st.builds(
    lambda where, times, after: Fault(*where, times=times, after=after),
    st.one_of(talking, talking, in_the_body, answering, refusing),
    st.integers(1, 3),
    st.integers(0, 30),
)


@pytest.fixture
def crowd(both_books: Database) -> Database:
    with both_books.read() as connection:
        known = connection.exec_driver_sql("SELECT count(*) FROM subscribers").scalar_one()
    if known < FIRST:
        subscribe(both_books, READERS, first=FIRST)
    return both_books


@pytest.mark.slow
@settings(
    max_examples=MIXES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink) if LONG else (Phase.explicit, Phase.generate),
)
@given(
    mixture=st.lists(faults, min_size=1, max_size=8),
    pipelining=st.sampled_from(["yes", "yes", "no", "forgets"]),
    most=st.sampled_from([0, 0, 7]),
    connections=st.integers(1, 4),
)
def test_in_the_end_everybody_has_it_once(
    crowd: Database, mixture: list[Fault], pipelining: str, most: int, connections: int
) -> None:
    issue = started(crowd)
    refusals = sum(fault.times for fault in mixture if fault.action is NO)
    with pytest.MonkeyPatch.context() as patch, Sink(pipelining=pipelining, most_per_session=most) as sink:
        patch.setattr(deliver, "_REST_FIRST", 0.02, raising=False)  # sessions are opened anew faster than in earnest
        sink.faults = [replace(fault) for fault in mixture]
        end = send(crowd, issue, sink, replace(HASTY, retry_wait=timedelta(seconds=3)), connections, SOON)
        check_the_books(crowd, issue, sink)
        sink.faults.clear()
        if end.state in (IssueState.SENDING, IssueState.PAUSED):
            steer.resume(crowd, issue.id)
            end = send(crowd, issue, sink, HASTY, connections, SOON)
    states = Counter(check_the_books(crowd, issue, sink).values())
    assert end.state is IssueState.SENT
    assert set(states) <= {"sent", "failed", "uncertain"}
    assert states["failed"] <= refusals
    assert all(line.code == NO.code for line in lines(crowd, issue).values() if line.state == "failed")
    reached = {message_id(number) for number, line in lines(crowd, issue).items() if line.state != "failed"}
    unanswered = {message_id(number) for number, line in lines(crowd, issue).items() if line.state == "uncertain"}
    assert reached - unanswered <= set(sink.accepted) <= reached | set(sink.accepted - sink.heard)

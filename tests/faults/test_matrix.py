"""Each fault of a mail server alone, at each point of the dialogue: every reader ends in the one right state."""

from __future__ import annotations

import pytest

from newsletter.domain.issue import IssueState
from newsletter.store.database import Database
from tests.faults.conftest import READERS
from tests.sending import PATIENT, QUICK, address, check_the_books, lines, send, started
from tests.smtp_sink import BEGUN, CUT, HALF, NOISE, ODD, SILENCE, Action, Sink, reply

VICTIM = 2
OPENING = ("greeting", "EHLO", "MAIL")  # here nobody in particular is refused
TALK = (*OPENING, "RCPT", "DATA", "dot", "answer")
CUTS = (CUT, HALF, BEGUN, NOISE)
GONE, LATER, NO = reply(421, "4.3.2 closing"), reply(451, "4.3.0 later"), reply(550, "5.7.1 no")
DOUBTS = {"body": {0, 1}, "middle": {0, 1}, "dot": {0, 1}, "answer": {1}}
"""How many messages may have gone without an answer. Small ones have left before a cut in their middle is seen."""
pytestmark = pytest.mark.long
PASSING = [
    *((stage, action) for stage in TALK for action in (*CUTS, SILENCE)),
    *((stage, action) for stage in TALK if stage != "answer" for action in (GONE, LATER)),
    *((stage, action) for stage in ("body", "middle") for action in (CUT, SILENCE, GONE)),
    *((stage, NO) for stage in OPENING),
    *((stage, action) for stage in ("RSET", "QUIT") for action in (CUT, SILENCE, HALF, GONE, LATER, NO)),
]


def named(value: object) -> str:
    return f"{value.style or value.code or value.kind}" if isinstance(value, Action) else str(value)


@pytest.mark.parametrize("pipelining", ["yes", "no"])
@pytest.mark.parametrize(("stage", "action"), PASSING, ids=named)
def test_a_fault_that_passes_costs_nobody_the_issue(
    books: Database, stage: str, action: Action, pipelining: str
) -> None:
    issue = started(books)
    with Sink(pipelining=pipelining) as sink:
        sink.fail(stage, action, times=1, after=stage not in ("greeting", "EHLO", "RSET", "QUIT"))
        if stage == "RSET":  # it follows what was refused
            sink.fail("RCPT", LATER, times=1, after=1)
        end = send(books, issue, sink, connections=1, timeouts=QUICK if action == SILENCE else PATIENT)
    states = check_the_books(books, issue, sink)
    assert (end.state, set(states.values())) == (IssueState.SENT, {"sent"})
    assert sum((sink.accepted - sink.heard).values()) == (stage == "answer")
    ledger = lines(books, issue).values()
    put_off = stage == "RSET" or (action == LATER and stage in ("RCPT", "DATA", "dot"))
    assert sum(line.attempts - line.doubts for line in ledger) == READERS + put_off
    assert sum(line.doubts for line in ledger) in DOUBTS.get(stage, {0})


@pytest.mark.parametrize("pipelining", ["yes", "no"])
@pytest.mark.parametrize("stage", ["RCPT", "DATA", "dot"])
@pytest.mark.parametrize("action", [NO, reply(554), reply(552, "5.2.2 mailbox full")], ids=named)
def test_a_refusal_for_good_is_one_readers_alone(books: Database, stage: str, action: Action, pipelining: str) -> None:
    issue = started(books)
    with Sink(pipelining=pipelining) as sink:
        sink.fail(stage, action, to=address(VICTIM))
        end = send(books, issue, sink)
    states = check_the_books(books, issue, sink)
    assert (end.state, states.pop(VICTIM), set(states.values())) == (IssueState.SENT, "failed", {"sent"})
    line = lines(books, issue)[VICTIM]
    assert (line.attempts, line.code, line.due_at) == (1, action.code, None)
    assert action.text.endswith(line.text)


@pytest.mark.parametrize("pipelining", ["yes", "no"])
@pytest.mark.parametrize("action", ODD, ids=named)
@pytest.mark.parametrize("stage", [*TALK, "RSET", "QUIT"])
def test_an_answer_that_is_said_oddly_is_understood(
    books: Database, stage: str, action: Action, pipelining: str
) -> None:
    issue = started(books)
    with Sink(pipelining=pipelining) as sink:
        sink.fail("RCPT", LATER, to=address(VICTIM), times=1)
        for stage in (*TALK, "RSET", "QUIT"):
            sink.fail(stage, action)
        send(books, issue, sink, connections=1)
    check_the_books(books, issue, sink)
    tries = {number: row.attempts for number, row in lines(books, issue).items()}
    assert tries == {number: 1 + (number == VICTIM) for number in range(1, READERS + 1)}
    assert sink.sessions == 1


def test_an_answer_counts_whatever_comes_behind_it(books: Database) -> None:
    issue = started(books)
    with Sink() as sink:
        sink.fail("answer", Action("odd", style="noise behind"), times=1)
        send(books, issue, sink, connections=1)
    check_the_books(books, issue, sink)
    assert lines(books, issue)[1].doubts == 0  # whose 250 it was; the next may be in flight when the nonsense comes

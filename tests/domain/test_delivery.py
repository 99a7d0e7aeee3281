from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.accounting import Accounting
from newsletter.domain.delivery import (
    LAST_DOUBT,
    UNSUITED,
    Claim,
    DeliveryPolicy,
    DeliveryState,
    Outcome,
    OutcomeKind,
    growing,
    in_doubt,
    settle,
)
from newsletter.domain.issue import IssueState
from newsletter.domain.pulse import Pulse
from tests.ledger import NEXT_STATES

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
POLICY = DeliveryPolicy()
FRESH = Claim(1, 1, "anna@example.org")
ACCEPTED, DEFERRED, REJECTED, BROKEN, UNCERTAIN = (Outcome(kind) for kind in OutcomeKind)


def test_each_outcome_has_its_state() -> None:
    states = [settle(FRESH, Outcome(kind), POLICY, NOW).state.value for kind in OutcomeKind]
    assert states == ["sent", "deferred", "failed", "queued", "deferred"]


def test_the_servers_words_are_kept() -> None:
    line = settle(FRESH, Outcome(OutcomeKind.REJECTED, 550, "5.1.1", "no such user"), POLICY, NOW)
    assert (line.code, line.status, line.text, line.at) == (550, "5.1.1", "no such user", NOW)


def test_a_broken_session_costs_no_try() -> None:
    line = settle(FRESH, BROKEN, POLICY, NOW)
    assert (line.attempts, line.first_at, line.due_at) == (0, None, None)


def test_pauses_double_from_the_first_to_the_longest() -> None:
    pauses = [growing(POLICY.retry_first, POLICY.retry_most, times) for times in (1, 2, 3, 6, 7, 10_000)]
    assert [pause.total_seconds() / 60 for pause in pauses] == [1, 2, 4, 32, 60, 60]


def tries(outcome: Outcome, policy: DeliveryPolicy) -> list[tuple[float, str]]:
    """Minutes since the first try and the state after each, until it ends; each retry comes when it is due."""
    claim, now, seen = FRESH, NOW, []
    while True:
        line = settle(claim, outcome, policy, now)
        seen.append(((now - NOW).total_seconds() / 60, line.state.value))
        if line.due_at is None:
            return seen
        claim = Claim(1, 1, "a@b.example", "", None, line.state, line.attempts, line.doubts, line.first_at)
        now = line.due_at


def test_a_deferred_delivery_is_given_up_when_its_time_is_over() -> None:
    seen = tries(DEFERRED, POLICY)
    assert seen[-1] == (24 * 60, "failed")
    assert all(state == "deferred" for _, state in seen[:-1])
    assert [minutes for minutes, _ in seen[:8]] == [0, 1, 3, 7, 15, 31, 63, 123]


@pytest.mark.parametrize("left", [timedelta(seconds=30), timedelta(0), timedelta(days=-300)])
def test_a_try_that_is_still_to_come_is_never_due_at_once(left: timedelta) -> None:
    """Little of the time is left, or none, as of a clock that jumped ahead: a server is not asked again in a second."""
    claim = FRESH._replace(attempts=1, first_at=NOW - POLICY.give_up_after + left)
    assert settle(claim, DEFERRED, POLICY, NOW).due_at == NOW + POLICY.retry_first


def test_an_unanswered_delivery_is_left_alone_after_eight() -> None:
    """A server that always takes and never answers has no thirty copies in a day; three in a row may be bad luck."""
    assert [state for _, state in tries(UNCERTAIN, POLICY)] == [*["deferred"] * 7, "uncertain"]
    held = settle(FRESH, UNCERTAIN, DeliveryPolicy(on_uncertain="hold"), NOW)
    assert held.state is DeliveryState.UNCERTAIN


def test_who_was_in_doubt_at_a_crash_goes_again_at_once_and_then_with_growing_pauses() -> None:
    pauses = [in_doubt(attempts, attempts, NOW, POLICY, NOW) for attempts in range(4)]
    assert pauses[0] == (DeliveryState.QUEUED, None)
    assert [due and due - NOW for _, due in pauses[1:]] == [POLICY.retry_first * factor for factor in (1, 2, 4)]
    assert {state for state, _ in pauses[1:]} == {DeliveryState.DEFERRED}
    uncertain = (DeliveryState.UNCERTAIN, None)
    assert in_doubt(0, 0, None, replace(POLICY, on_uncertain="hold"), NOW) == uncertain
    assert in_doubt(20, LAST_DOUBT - 1, NOW, POLICY, NOW) == uncertain
    assert in_doubt(3, 1, NOW - POLICY.give_up_after, POLICY, NOW) == uncertain
    assert in_doubt(0, 0, NOW - POLICY.give_up_after, POLICY, NOW) != uncertain


def test_a_clock_that_jumps_ahead_fails_nobody_at_the_second_try() -> None:
    first = settle(FRESH, DEFERRED, POLICY, NOW)
    claim = Claim(1, 1, "a@b.example", "", None, first.state, first.attempts, 0, first.first_at)
    assert settle(claim, DEFERRED, POLICY, NOW + timedelta(days=300)).state is DeliveryState.DEFERRED
    assert settle(claim, DEFERRED, POLICY, NOW - timedelta(days=300)).state is DeliveryState.DEFERRED


durations = st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(days=365))


@given(
    kind=st.sampled_from(OutcomeKind),
    attempts=st.integers(0, 10_000),
    doubts=st.integers(0, 5),
    first=durations,
    most=durations,
    give_up=durations,
    since=st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400)),
)
def test_every_line_follows_the_state_machine(
    kind: OutcomeKind,
    attempts: int,
    doubts: int,
    first: timedelta,
    most: timedelta,
    give_up: timedelta,
    since: timedelta,
) -> None:
    policy = DeliveryPolicy(retry_first=first, retry_most=max(first, most), give_up_after=give_up)
    claim = Claim(1, 1, "a@b.example", attempts=attempts, doubts=doubts, first_at=NOW - since if attempts else None)
    line = settle(claim, Outcome(kind), policy, NOW)
    assert line.state in NEXT_STATES[DeliveryState.SENDING]
    assert (line.due_at is not None) == (line.state is DeliveryState.DEFERRED)
    if line.due_at:
        assert NOW < line.due_at <= NOW + policy.retry_most


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([Outcome(OutcomeKind.REJECTED, 550, "5.7.1", "blocked")] * 99, ""),
        ([Outcome(OutcomeKind.REJECTED, 550, "5.7.1", "blocked")] * 100, "blocked"),
        ([*[REJECTED] * 99, ACCEPTED, *[REJECTED] * 99], ""),
        ([*[REJECTED] * 99, DEFERRED, *[REJECTED] * 99], ""),
        ([Outcome(OutcomeKind.BROKEN, 535, "5.7.8", "wrong password")], "does not let us in: 535 5.7.8 wrong password"),
        ([Outcome(OutcomeKind.BROKEN, 550, "5.7.1", "sender unknown")] * 9, ""),
        ([Outcome(OutcomeKind.BROKEN, 550, "5.7.1", "sender unknown")] * 10, "refuses the sender"),
        (
            [Outcome(OutcomeKind.BROKEN, 552, "5.3.4", "at most 9 bytes")] * 10,
            "too big for the mail server: 552 5.3.4 at",
        ),
        ([Outcome(OutcomeKind.BROKEN, 0, UNSUITED, "it offers no STARTTLS")] * 9, ""),
        (
            [Outcome(OutcomeKind.BROKEN, 0, UNSUITED, "it offers no STARTTLS")] * 10,
            "lacks what config.yaml asks for: it",
        ),
        ([Outcome(OutcomeKind.BROKEN, 421, "4.3.2", "closing")] * 500, ""),
    ],
)
def test_an_issue_pauses_itself_when_it_is_refused(outcomes: list[Outcome], said: str) -> None:
    pulse = Pulse()
    reasons = [pulse.feel(outcome, NOW, books(0, 500)) for outcome in outcomes]
    assert not any(reasons[:-1])
    assert said in reasons[-1]
    assert bool(said) == bool(reasons[-1])


def books(sent: int, deferred: int) -> Callable[[], Accounting]:
    return lambda: Accounting(1, IssueState.SENDING, sent + deferred, sent=sent, deferred=deferred)


@pytest.mark.parametrize(
    ("outcome", "sent", "deferred", "pauses"),
    [
        (DEFERRED, 0, 1, True),
        (DEFERRED, 1, 500, True),
        (UNCERTAIN, 30, 30, True),
        (DEFERRED, 3, 1, False),
        (DEFERRED, 900, 99, False),
        (DEFERRED, 900, 100, True),
    ],
)
def test_half_an_hour_without_an_acceptance_pauses_unless_only_a_few_wait(
    outcome: Outcome, sent: int, deferred: int, pauses: bool
) -> None:
    pulse = Pulse()
    half_an_hour, so_far = timedelta(minutes=30), books(sent, deferred)
    assert not pulse.feel(outcome, NOW, so_far)
    assert not pulse.feel(outcome, NOW + half_an_hour - timedelta(seconds=1), so_far)
    assert bool(pulse.feel(outcome, NOW + half_an_hour, so_far)) is pauses
    pulse.feel(ACCEPTED, NOW + half_an_hour, so_far)
    assert not pulse.feel(outcome, NOW + 3 * half_an_hour, so_far)


@pytest.mark.parametrize("outcome", [BROKEN, Outcome(OutcomeKind.BROKEN, 421, "4.3.2", "closing")])
def test_a_server_that_is_away_is_waited_for_however_long(outcome: Outcome) -> None:
    pulse = Pulse()
    assert not any(pulse.feel(outcome, NOW + timedelta(minutes=n), books(0, 500)) for n in range(600))
    assert not pulse.feel(DEFERRED, NOW + timedelta(minutes=600), books(0, 500))  # greylisted when it is back


def test_a_clock_set_back_begins_the_half_hour_anew() -> None:
    pulse = Pulse()
    pulse.feel(DEFERRED, NOW, books(0, 5))
    back = NOW - timedelta(days=1)
    pulse.feel(DEFERRED, back, books(0, 5))
    assert pulse.feel(DEFERRED, back + timedelta(minutes=30), books(0, 5))

"""The pace, held to its word on a clock that the tests turn."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.backoff import PAUSE_FIRST, PAUSE_MOST, SLOWEST, pushes_back
from newsletter.domain.bucket import Bucket
from newsletter.domain.delivery import Outcome, OutcomeKind
from newsletter.domain.group_queues import ENOUGH, GroupQueues
from newsletter.domain.pace import Limits, Pacer

TAKEN = Outcome(OutcomeKind.ACCEPTED, 250)
BUSY = Outcome(OutcomeKind.BROKEN, 421, "4.7.28", "unusual rate of mail")
RATES = st.floats(0.05, 200)


def passes(bucket: Bucket, steps: list[float]) -> list[float]:
    """When messages passed, of somebody who comes at those steps of time and takes all there is."""
    now, passed = bucket.at, []
    for step in steps:
        now += step
        while bucket.wait(now) == 0:
            bucket.take(now)
            passed.append(now)
    return passed


@settings(deadline=None, max_examples=60)
@given(RATES, st.lists(st.floats(0, 3), min_size=1, max_size=40))
def test_in_no_window_more_than_the_rate_and_the_burst_pass(rate: float, steps: list[float]) -> None:
    bucket = Bucket(rate, at=0.0)
    passed = passes(bucket, steps)
    ahead = [rate * at - number for number, at in enumerate(passed)]
    most = itertools.accumulate(ahead, max)  # over all windows that begin here or earlier
    for own, largest in zip(ahead, most, strict=True):
        assert largest - own + 1 <= bucket.burst + 1e-3


@settings(deadline=None, max_examples=60)
@given(RATES, st.floats(0, 0.2), st.floats(0, 1e9))
def test_who_always_has_mail_gets_the_rate_however_late_he_wakes_up(rate: float, late: float, now: float) -> None:
    bucket, began, count = Bucket(rate, now), now, 0
    while count < 300:
        now += bucket.wait(now) + late
        while bucket.wait(now) == 0 and count < 300:
            bucket.take(now)
            count += 1
    assert count >= 0.95 * rate * (now - began) - bucket.burst
    assert count <= rate * (now - began) + bucket.burst + 1e-3


@settings(deadline=None, max_examples=60)
@given(RATES, st.lists(st.floats(-1e6, 1e6), max_size=20))
def test_a_clock_that_jumps_neither_stalls_nor_bursts(rate: float, jumps: list[float]) -> None:
    bucket, now = Bucket(rate, at=0.0), 0.0
    for jump in jumps:
        now += jump
        count = 0
        while bucket.wait(now) == 0:
            bucket.take(now)
            count += 1
        assert count <= bucket.burst + 1e-6
        assert 0 < bucket.wait(now) <= 1 / rate + 1e-6


def test_what_is_given_back_to_a_full_bucket_makes_it_no_fuller() -> None:
    bucket = Bucket(4.0, at=0.0)
    bucket.take(0.0)
    assert bucket.wait(10.0) == 0  # it is full again
    bucket.give_back()
    assert len(passes(bucket, [0.0])) == bucket.burst == 2


def test_nothing_limited_is_quiet_and_never_waits() -> None:
    pacer = Pacer(Limits(), now=0.0)
    for number in range(10_000):
        assert pacer.alone(f"{number}.example", 0.0) == 0
        pacer.begin(f"{number}.example", 0.0)
        pacer.heard(f"{number}.example", TAKEN, 0.0)
    assert pacer.quiet
    assert pacer.connection(0.0) is None


def rows(waiting: dict[str, int]) -> list[str]:
    """Domains in any order, the same each time."""
    ordered = [domain for domain, count in waiting.items() for _ in range(count)]
    random.Random(3).shuffle(ordered)
    return ordered


def claim(left: list[str], aside: frozenset[str]) -> list[str]:
    """The first that are not left aside, as the ledger gives them."""
    found = [at for at, domain in enumerate(left) if domain not in aside][:200]
    claimed = [left[at] for at in found]
    for at in reversed(found):
        del left[at]
    return claimed


def run(pacer: Pacer, left: list[str], seconds: float, took: dict[str, float] | None = None) -> Counter[str]:
    """Sends for so long on a clock of steps; who got how many. `took`: what a group takes a second."""
    queues: GroupQueues[str] = GroupQueues(pacer, lambda domain: domain)
    got: Counter[str] = Counter()
    doors = {group: Bucket(rate, 0.0) for group, rate in (took or {}).items()}
    now = 0.0
    while now < seconds:
        domain = queues.take(now)
        if domain is None and left and queues.wants(now) and (claimed := claim(left, queues.full())):
            queues.add(claimed)
            domain = queues.take(now)
        if domain is None:
            wait = queues.wait(now)
            now += max(0.001, min(1.0 if wait is None else wait, 1.0))
            continue
        door = doors.get(domain)
        if door and door.wait(now) > 0:
            pacer.heard(domain, BUSY, now)
            left.append(domain)
            continue
        if door:
            door.take(now)
        got[domain] += 1
        pacer.heard(domain, TAKEN, now)
    return got


def test_the_limit_is_reached_overall_and_by_group() -> None:
    limits = Limits(overall=50, groups={"slow.example": 2})
    got = run(Pacer(limits, 0.0), rows({"slow.example": 1000, "a.example": 9000, "b.example": 9000}), 100)
    assert 190 <= got["slow.example"] <= 202
    assert 0.95 * 5000 <= got.total() <= 5014


def test_a_slow_group_slows_no_other() -> None:
    alone = run(Pacer(Limits(group=20), 0.0), rows({"a.example": 5000}), 60)
    limits = Limits(group=20, groups={"slow.example": 0.1})
    beside = run(Pacer(limits, 0.0), rows({"slow.example": 5000, "a.example": 5000}), 60)
    assert beside["a.example"] >= 0.95 * alone["a.example"] >= 0.9 * 20 * 60
    assert 6 <= beside["slow.example"] <= 8


def test_many_small_groups_leave_a_large_one_its_share() -> None:
    """Under a limit for all, half of what leaves goes to where half of the readers are."""
    crowd = {f"{number}.example": 1 for number in range(3000)}
    got = run(Pacer(Limits(overall=50, group=20), 0.0), rows({"large.example": 3000, **crowd}), 60)
    assert got["large.example"] >= 0.35 * got.total()


def test_the_tokens_of_all_connections_are_their_own() -> None:
    pacer = Pacer(Limits(connection=2), 0.0)
    first, second = pacer.connection(0.0), pacer.connection(0.0)
    assert first is not None
    assert second is not None
    first.take(0.0)
    assert first.wait(0.0) == pytest.approx(0.5)
    assert second.wait(0.0) == 0


@pytest.mark.parametrize("limit", [None, 20.0])
def test_a_push_back_touches_one_group_only_and_it_recovers(limit: float | None) -> None:
    pacer = Pacer(Limits(group=limit), 0.0)
    for _ in range(1000):
        pacer.heard("busy.example", TAKEN, 50.0)
    pacer.heard("busy.example", BUSY, 50.0)
    assert pacer.alone("busy.example", 50.0) == pytest.approx(PAUSE_FIRST)
    assert pacer.alone("other.example", 50.0) == 0
    assert pacer.rate("other.example") == limit
    assert pacer.rate("busy.example") == pytest.approx(10)  # twenty a second it went
    now = 50.0 + PAUSE_FIRST
    while "busy.example" in pacer.slowed(now):
        now += pacer.alone("busy.example", now)
        pacer.begin("busy.example", now)
        pacer.heard("busy.example", TAKEN, now)
        assert now < 1900, "it never recovered"
    assert now > 90, "it recovered all at once"
    assert pacer.rate("busy.example") == limit
    assert pacer.quiet is (limit is None)


def test_answers_to_what_was_under_way_are_one_push() -> None:
    pacer = Pacer(Limits(group=16), 0.0)
    for _ in range(8):
        pacer.heard("busy.example", BUSY, 3.0)
    once = pacer.rate("busy.example")
    pacer.heard("busy.example", TAKEN, 3.1)
    assert pacer.rate("busy.example") == once


def test_the_pause_doubles_as_long_as_nothing_is_accepted() -> None:
    pacer, now, pauses = Pacer(Limits(group=16), 0.0), 0.0, []
    for _ in range(12):
        pacer.heard("busy.example", BUSY, now)
        pauses.append(pacer.slowed(now) and pacer.alone("busy.example", now))
        now += PAUSE_MOST + 100
    assert pauses[:3] == pytest.approx([PAUSE_FIRST, 2 * PAUSE_FIRST, 4 * PAUSE_FIRST])
    assert pauses[-1] == pytest.approx(PAUSE_MOST)


def test_even_a_group_that_fell_to_the_bottom_is_back_in_half_an_hour() -> None:
    pacer, now = Pacer(Limits(group=50), 0.0), 1000.0
    for _ in range(30):
        pacer.heard("busy.example", BUSY, now)
        now += PAUSE_MOST
        pacer.heard("busy.example", TAKEN, now)  # taken now and then: each push is a first one
    began = now
    while pacer.slowed(now):
        now += max(pacer.alone("busy.example", now), 1e-3)
        pacer.begin("busy.example", now)
        pacer.heard("busy.example", TAKEN, now)
    assert now - began < 2100


def test_no_group_becomes_slower_than_one_message_in_twenty_seconds() -> None:
    pacer = Pacer(Limits(group=16), 0.0)
    for push in range(40):
        pacer.heard("busy.example", BUSY, push * (PAUSE_MOST + 1))
    assert pacer.rate("busy.example") == SLOWEST


def test_a_group_that_takes_less_than_we_have_is_found_out() -> None:
    """Ten a second is all it takes: most of that gets through, and the pushes are few."""
    pacer = Pacer(Limits(group=40), 0.0)
    got = run(pacer, rows({"busy.example": 7000}), 600, {"busy.example": 10.0})
    assert got["busy.example"] > 0.5 * 10 * 600


def test_a_clock_set_back_prolongs_no_pause() -> None:
    pacer = Pacer(Limits(), 0.0)
    pacer.heard("busy.example", BUSY, 10_000.0)
    assert pacer.alone("busy.example", 10.0) <= PAUSE_FIRST
    pacer.allow(0, 10_000.0, seconds=60)
    assert pacer.everyone(10.0) <= 60


def test_an_allowance_is_used_up_and_then_waited_for() -> None:
    pacer = Pacer(Limits(), 0.0)
    pacer.allow(3, 0.0, seconds=100)
    got = run(pacer, rows({"a.example": 10}), 50)
    assert got.total() == 3
    assert pacer.everyone(50.0) == 50
    pacer.allow(None, 100.0, seconds=100)
    assert pacer.quiet


def test_what_did_not_go_after_all_may_go_on_the_same_day() -> None:
    pacer = Pacer(Limits(), 0.0)
    pacer.allow(1, 0.0, seconds=100)
    pacer.begin("a.example", 0.0)
    assert pacer.everyone(0.0) == 100
    pacer.undo("a.example")
    assert pacer.everyone(0.0) == 0


@pytest.mark.parametrize(
    ("outcome", "pushed"),
    [
        (BUSY, True),
        (Outcome(OutcomeKind.BROKEN, 421, "", "try later"), True),
        (Outcome(OutcomeKind.BROKEN, 421, "4.3.2", "shutting down"), False),
        (Outcome(OutcomeKind.BROKEN, 421, "4.7.0", "too many sessions", early=True), False),
        (Outcome(OutcomeKind.DEFERRED, 451, "4.7.1", "later"), True),
        (Outcome(OutcomeKind.DEFERRED, 450, "4.7.1", "Greylisted for five minutes"), False),
        (Outcome(OutcomeKind.DEFERRED, 452, "4.2.2", "mailbox full, rate this"), False),
        (Outcome(OutcomeKind.DEFERRED, 450, "", "too many messages, slow down"), True),
        (Outcome(OutcomeKind.DEFERRED, 450, "", "mailbox busy"), False),
        (Outcome(OutcomeKind.REJECTED, 550, "5.7.1", "rate"), False),
        (Outcome(OutcomeKind.BROKEN, 0, "", "cut"), False),
    ],
)
def test_what_is_a_push_back(outcome: Outcome, pushed: bool) -> None:
    assert pushes_back(outcome) is pushed


def test_what_waits_is_never_lost_nor_given_twice() -> None:
    pacer = Pacer(Limits(), 0.0)
    queues: GroupQueues[tuple[str, int]] = GroupQueues(pacer, lambda item: item[0])
    items = [(f"d{number % 7}.example", number) for number in range(200)]
    queues.add(items)
    taken = [queues.take(0.0) for _ in range(20)]
    assert taken == items[:20], "while nothing is limited: in order"
    pacer.heard("d1.example", BUSY, 0.0)
    while (item := queues.take(1.0)) is not None:
        taken.append(item)
    assert len(queues) == sum(domain == "d1.example" for domain, _ in items[20:])
    assert len(taken) == 200 - len(queues)
    now = 1.0
    while pause := queues.wait(now):
        now += pause
        while (item := queues.take(now)) is not None:
            assert item[0] == "d1.example"
            taken.append(item)
    assert sorted(taken) == sorted(items)
    assert len(queues) == 0


def test_a_clock_set_back_keeps_nobody_waiting_for_the_old_time() -> None:
    queues: GroupQueues[str] = GroupQueues(Pacer(Limits(group=0.1), 0.0), lambda domain: domain)
    queues.add(["slow.example"] * 2)
    assert [queues.take(1000.0), queues.take(1000.0)] == ["slow.example", None]
    assert queues.take(0.0) is None
    wait = queues.wait(0.0)
    assert wait is not None
    assert wait <= 10
    assert queues.take(wait) == "slow.example"


def test_the_queues_name_the_domains_of_which_enough_waits() -> None:
    queues: GroupQueues[str] = GroupQueues(Pacer(Limits(group=1), 0.0), lambda domain: domain)
    queues.add(["gmail.com"] * ENOUGH + ["googlemail.com"] + ["example.org"])
    assert queues.full() == {"gmail.com", "googlemail.com"}
    assert len(queues) == ENOUGH + 2


def test_of_many_groups_few_are_remembered() -> None:
    pacer = Pacer(Limits(group=5), 0.0)
    for number in range(20_000):
        now = number / 20
        group = f"{number}.example"
        assert pacer.alone(group, now) == 0
        pacer.begin(group, now)
        pacer.heard(group, TAKEN, now)
    assert len(pacer._buckets) < 10_000


def test_a_relay_that_pushes_back_for_everybody_does_not_fill_the_memory() -> None:
    pacer = Pacer(Limits(), 0.0)
    for number in range(50_000):
        pacer.heard(f"d{number}.example", BUSY, now=1.0)
    assert len(pacer.slowed(1.0)) < 10_000
    assert pacer.alone("d49999.example", now=1.0) == PAUSE_FIRST


def test_what_a_group_asked_for_last_week_is_forgotten() -> None:
    pacer = Pacer(Limits(), 0.0)
    for now in (1.0, 100.0, 500.0, 2000.0):
        pacer.heard("gmail.com", BUSY, now)
    assert pacer.rate("gmail.com") is not None
    assert pacer.alone("gmail.com", now=7 * 86400.0) == 0
    assert pacer.rate("gmail.com") is None
    assert pacer.quiet
    assert len(pacer._accepted) < 10_000

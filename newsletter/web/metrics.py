"""What /metrics shows: read from the database when it is asked for, so that it tells of every process that sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from newsletter.app import App
from newsletter.domain.tally import ATTEMPTS, BOUNDS, BROKEN, LONGER, OPENED, PAUSES, SEND, SUM, TURN, Mark
from newsletter.store import accounts, archive, notices, standing, subscribers, tallies
from newsletter.web.behind import Behind

ISSUES = 20  # the newest that have a series of their own
_SETTLED = timedelta(minutes=1)  # an issue that ended longer ago than this is counted no more
_ROLES = ("serve", "worker", "send")

Counts = Mapping[standing.Started, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Counted:
    """What may be millions: subscriptions by newsletter, edition and state, and the deliveries of the newest issues."""

    readers: Mapping[tuple[str, str, str], int]
    deliveries: Counts


def registry(app: App) -> CollectorRegistry:
    """What /metrics shows: counted in the database, so every process tells the same."""
    made = CollectorRegistry()
    made.register(LedgerCollector(app))
    return made


class LedgerCollector(Collector):
    """What is read by an index is read at once; what has to be counted is counted behind the scrape."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._counts: Behind[Counted] = Behind(self._count)

    def describe(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("newsletter_notices_waiting", "Confirmation and other notices not sent yet.")

    def collect(self) -> Iterator[Metric]:
        now = self._app.clock()
        with self._app.database.read() as connection:
            waiting = notices.waiting(connection)
            written = archive.counts(connection)
            stands = standing.standing(connection, now)
            sums = tallies.sums(connection)
            living = tallies.living(connection, now)
        counted = self._counts.latest()
        of_edition = ("newsletter", "edition", "state")
        yield _gauge("newsletter_subscriptions", "Subscriptions by state.", of_edition, counted.readers.items())
        yield _gauge("newsletter_issues", "Issues by state.", of_edition, written.items())
        yield _one("newsletter_notices_waiting", "Confirmation and other notices not sent yet.", waiting)
        yield from _standing(stands, now)
        yield _senders(living)
        yield from _counters(sums)
        yield _deliveries(counted.deliveries)

    def _count(self, before: Counted | None) -> Counted:
        """An issue that ended is counted once."""
        now = self._app.clock()
        with self._app.database.read() as connection:
            newest = standing.newest(connection, ISSUES)
            known = {one: counts for one, counts in (before.deliveries if before else {}).items() if _is_over(one, now)}
            deliveries = {one: known.get(one) or accounts.by_state(connection, one.id) for one in newest}
            return Counted(subscribers.counts(connection), deliveries)


def _is_over(issue: standing.Started, now: datetime) -> bool:
    return issue.finished_at is not None and issue.finished_at < now - _SETTLED


def _deliveries(counts: Counts) -> Metric:
    told = (
        ((one.newsletter, one.edition, str(one.id), state), number)
        for one, by_state in counts.items()
        for state, number in by_state.items()
    )
    labels = ("newsletter", "edition", "issue", "state")
    text = f"Deliveries of the {ISSUES} newest issues by state; of an issue with very many, as of the last scrape."
    return _gauge("newsletter_deliveries", text, labels, told)


def _standing(stands: standing.Standing, now: datetime) -> Iterator[Metric]:
    text = f"Deliveries whose retry is due and has not begun; at most {standing.MOST_DUE} are counted."
    yield _one("newsletter_retries_due", text, stands.retries_due)
    text = "How long the retry that has waited longest has been due; 0 when none is."
    yield _one("newsletter_oldest_retry_age_seconds", text, _age(stands.oldest_retry, now))
    text = "How long the delivery that has waited longest has been queued without a try; 0 when none is."
    yield _one("newsletter_oldest_queued_age_seconds", text, _age(stands.oldest_queued, now))


def _senders(living: Mapping[str, int]) -> Metric:
    text = f"Processes that can send, by command, seen in the last {tallies.LIVES.total_seconds():.0f} seconds."
    return _gauge("newsletter_senders", text, ("role",), (((role,), living.get(role, 0)) for role in _ROLES))


def _counters(sums: Mapping[Mark, float]) -> Iterator[Metric]:
    """Sums over all processes there ever were."""
    attempts = {tuple(kind.split()): amount for (what, kind), amount in sums.items() if what == ATTEMPTS}
    text = "Attempts to hand a message over, by what came of them and by the class of the server's reply."
    yield _counter("newsletter_attempts", text, ("outcome", "reply"), attempts.items())
    accepted = sum(amount for kind, amount in attempts.items() if kind[0] == "accepted")
    yield _counter("newsletter_messages_accepted", "Messages that a mail server took.", (), [((), accepted)])
    opened, broken = sums.get((OPENED, ""), 0), sums.get((BROKEN, ""), 0)
    yield _counter("newsletter_smtp_sessions_opened", "Sessions with a mail server.", (), [((), opened)])
    text = "Sessions that broke, or could not be opened."
    yield _counter("newsletter_smtp_sessions_broken", text, (), [((), broken)])
    pauses = (((by,), sums.get((PAUSES, by), 0)) for by in ("itself", "hand"))
    yield _counter("newsletter_pauses", "Sendings that were paused, by whom.", ("by",), pauses)
    text = "From handing a message to the transport until its outcome: opening a session, and the server's answer."
    yield _histogram("newsletter_send_duration_seconds", text, SEND, sums)
    text = "Transactions of the ledger in which outcomes are recorded and the next deliveries begun."
    yield _histogram("newsletter_ledger_turn_duration_seconds", text, TURN, sums)


def _histogram(name: str, text: str, what: str, sums: Mapping[Mark, float]) -> Metric:
    below, buckets = 0.0, []
    for bound in (*map(str, BOUNDS[what]), LONGER):
        below += sums.get((what, bound), 0)
        buckets.append(("+Inf" if bound == LONGER else bound, below))
    made = HistogramMetricFamily(name, text)
    made.add_metric([], buckets, sums.get((what, SUM), 0.0))
    return made


def _counter(name: str, text: str, labels: tuple[str, ...], told: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    made = CounterMetricFamily(name, text, labels=labels)
    for values, amount in told:
        made.add_metric(values, amount)
    return made


def _gauge(name: str, text: str, labels: tuple[str, ...], told: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    made = GaugeMetricFamily(name, text, labels=labels)
    for values, number in told:
        made.add_metric(values, number)
    return made


def _one(name: str, text: str, number: float) -> Metric:
    return GaugeMetricFamily(name, text, value=number)


def _age(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0

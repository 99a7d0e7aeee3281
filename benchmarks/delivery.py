"""Sending an issue into Postfix's smtp-sink: how fast, at what cost, in how much memory."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import prepared
from benchmarks.cases import sqlite_cli
from benchmarks.measure import Run, run
from benchmarks.postfix import sink, smtp_source
from benchmarks.prepared import CONNECTIONS, Prepared, prepare
from benchmarks.result import Result

# The plainest way to fill the same table with the same indexes: no join, no state, no transaction with anything else.
_PLAIN_INSERT = """
PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;
INSERT INTO deliveries (issue, subscriber, email, domain, state, attempts, doubts, code, status, text)
SELECT 1, id, email, substr(email, instr(email, '@') + 1), 'queued', 0, 0, 0, '', '' FROM subscribers;
"""


@dataclass(frozen=True, slots=True)
class Crowds:
    """How many readers each case has. Of the biggest crowd the first `share` get their message, then it is stopped."""

    sending: int
    memory: tuple[int, int, int]
    share: int


def sending(folder: Path, crowds: Crowds, rounds: int) -> Iterator[Result]:
    """The real command, ledger on and every message personal, beside Postfix's own generator; taking turns."""
    draft = prepare(folder / "sending", crowds.sending)
    draft.restore()
    size = prepared.length(draft)
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(_generate(draft, size))
        ours.append(_send(draft))
    count = draft.readers
    source = f"smtp-source -d -s {CONNECTIONS}, same size"
    rates = [median([count / one.seconds for one in runs]) for runs in (ours, theirs)]
    yield Result(f"send to {count:,}, {size / 1000:.0f} KB each", rates[0], source, rates[1], unit="/s", least=0.9)
    alone = median([count / json.loads(one.output)["seconds"] for one in ours])
    yield Result("the same without start and end", alone, source, rates[1], unit="/s")
    cost = [median([one.cpu / count * 1e6 for one in runs]) for runs in (ours, theirs)]
    yield Result("CPU a message, with start and end", cost[0], source, cost[1], unit="µs", ceiling=100)


def memory(folder: Path, crowds: Crowds) -> Iterator[Result]:
    """Peak memory of the same command for more and more readers, each once: memory does not vary as time does."""
    few, more, most = crowds.memory
    first = _peak(prepare(folder / "few", few), few)
    against = f"{few:,} readers"
    second = _peak(prepare(folder / "more", more), more)
    yield Result(f"peak memory, {more:,} readers", second, against, first, 1.1, "MiB", ceiling=150)
    share = min(crowds.share, most)
    name = f"peak memory, {most:,} readers" + (f" ({share:,} sent)" if share < most else "")
    yield Result(name, _peak(prepare(folder / "most", most), share), against, first, 1.1, "MiB", ceiling=150)


def enqueue(folder: Path, crowds: Crowds, rounds: int) -> Iterator[Result]:
    """Starting an issue: a row of the ledger for each reader, in the transaction that starts it."""
    draft = prepare(folder / "enqueue", crowds.memory[-1])
    ours, theirs = [], []
    for _ in range(rounds):
        draft.restore()
        done = run([sqlite_cli(), draft.database, _PLAIN_INSERT], cwd=folder)
        theirs.append((done.seconds, done.cpu))
        draft.restore()
        ours.append(prepared.start(draft))
    seconds, cpu = zip(*ours, strict=True)
    plain_seconds, plain_cpu = zip(*theirs, strict=True)
    name, against = f"enqueue {draft.readers:,} readers", "sqlite3 INSERT … SELECT, no join"
    yield Result(name, median(seconds), against, median(plain_seconds), 2.0, ceiling=10)
    yield Result("CPU of the same", median(cpu), against, median(plain_cpu), 2.0)


def _send(draft: Prepared) -> Run:
    with sink() as server:
        done = draft.send(server.port)
        _count(server.messages(), draft.readers)
    return done


def _generate(draft: Prepared, size: int) -> Run:
    with sink() as server:
        done = smtp_source(server.port, draft.readers, size, CONNECTIONS)
        _count(server.messages(), draft.readers)
    return done


def _peak(draft: Prepared, share: int) -> float:
    """MiB. With a `share` below all readers, sending is stopped when so many were sent."""
    if share == draft.readers:
        return _send(draft).peak
    with sink() as server:
        sender = draft.begin_to_send(server.port)
        while sender.is_at_work and server.messages() < share:
            time.sleep(0.2)
        done = sender.stop()
        _count(server.messages(), json.loads(done.output)["sent"])
    return done.peak


def _count(received: int, wanted: int) -> None:
    if received != wanted:
        raise RuntimeError(f"smtp-sink took {received:,} messages and not {wanted:,}")

"""PostgreSQL beside SQLite, and several `newsletter worker` processes on one PostgreSQL database."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg
import pytest
from sqlalchemy import make_url

from benchmarks import prepared
from benchmarks.measure import Started
from benchmarks.postfix import sink
from benchmarks.prepared import Prepared, prepare
from benchmarks.result import Result
from tests import postgres

# The plainest way to fill the same table with the same indexes: no join, no order, no chunks.
_PLAIN_INSERT = """
INSERT INTO deliveries (issue, subscriber, email, domain, state, attempts, doubts, code, status, text)
SELECT 1, id, email, split_part(email, '@', 2), 'queued', 0, 0, 0, '', '' FROM subscribers
"""
_KEPT = "kept"  # the database with the draft, copied before each run


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server (fsync off, as SQLite waits for no disk at a commit either) with a prepared draft."""

    socket: Path
    draft: Prepared

    def connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.socket), user=postgres.USER, dbname=database, autocommit=True)

    @contextmanager
    def copy(self, port: int) -> Iterator[str]:
        """The name of a database as it was before the draft was sent, which the configuration now names."""
        with self.connect("postgres") as admin:
            admin.execute(f"CREATE DATABASE run TEMPLATE {_KEPT}")
            try:
                self.draft.configure(port, str(_address(self.socket, "run")))
                yield "run"
            finally:
                admin.execute("DROP DATABASE run WITH (FORCE)")


def machines(folder: Path, readers: int, rounds: int) -> Iterator[Result]:
    """Raises RuntimeError with the remedy when PostgreSQL or Postfix is missing."""
    with sink():
        pass  # before anything long is begun
    embedded = prepare(folder / "embedded", readers)
    with _server(folder / "server", readers) as server:
        on_sqlite, on_server = [], []
        for _ in range(rounds):
            on_sqlite.append(_rate(embedded))
            on_server.append(_rate_on_server(server))
        one = median(on_server)
        yield Result(f"send to {readers:,}, PostgreSQL", one, "the same on SQLite", median(on_sqlite), unit="/s")
        rates: dict[int, list[float]] = {1: [], 2: [], 4: []}
        for _ in range(rounds):
            for workers, found in rates.items():
                found.append(_rate_of_workers(server, workers))
        alone = median(rates[1])
        yield Result("1 worker, first to last outcome", alone, "send on PostgreSQL", one, unit="/s")
        for workers in (2, 4):
            yield Result(f"{workers} workers", median(rates[workers]), "1 worker", alone, unit="/s")


def starting(folder: Path, readers: int, rounds: int) -> Iterator[Result]:
    """Starting an issue on PostgreSQL: its rows in order, chunks and jobs, in one transaction."""
    ours, theirs = [], []
    with _server(folder, readers) as server:
        for _ in range(rounds):
            with server.copy(25) as database, server.connect(database) as connection:
                began = time.perf_counter()
                connection.execute(_PLAIN_INSERT)
                theirs.append(time.perf_counter() - began)
            with server.copy(25):
                ours.append(prepared.start(server.draft)[0])
    against = "INSERT … SELECT on it, no join"
    yield Result(f"enqueue {readers:,}, PostgreSQL", median(ours), against, median(theirs), 2.0, ceiling=10)


def cores() -> str:
    """Why more workers do not help, where that is so."""
    there = os.cpu_count() or 1
    return f"{there} cores: the workers share them with PostgreSQL and smtp-sink." if there < 8 else f"{there} cores."


@contextmanager
def _server(folder: Path, readers: int) -> Iterator[Server]:
    with ExitStack() as stack:
        try:
            socket = stack.enter_context(postgres.server())
        except pytest.fail.Exception as missing:
            raise RuntimeError(str(missing)) from None
        stack.enter_context(postgres.database(socket, _KEPT))
        yield Server(socket, prepare(folder, readers, str(_address(socket, _KEPT))))


def _rate(draft: Prepared) -> float:
    """Messages a second, as `send` itself counts them: without start and end."""
    with sink() as server:
        done = draft.send(server.port)
    return draft.readers / float(json.loads(done.output)["seconds"])


def _rate_on_server(server: Server) -> float:
    draft = server.draft
    with sink() as mail, server.copy(mail.port):
        done = prepared.newsletter(draft.folder, "send", str(draft.issue), "--yes", "--json").finish()
        books = json.loads(done.output)
        prepared.demand_all(draft, books)
    return draft.readers / float(books["seconds"])


def _rate_of_workers(server: Server, number: int) -> float:
    """Messages a second between the first and the last outcome in the ledger: what it takes to begin does not count."""
    draft = server.draft
    with sink() as mail, server.copy(mail.port) as database, server.connect(database) as watching:
        workers = [prepared.newsletter(draft.folder, "worker") for _ in range(number)]
        try:
            _until(watching, f"SELECT count(*) > {number} FROM pg_stat_activity WHERE datname = '{database}'", workers)
            prepared.start(draft)
            _until(watching, f"SELECT state = 'sent' FROM issues WHERE id = {draft.issue}", workers)
        finally:
            for worker in workers:
                worker.stop()
        found = watching.execute(
            "SELECT count(*), extract(epoch FROM max(at) - min(at)) FROM deliveries WHERE state = 'sent'"
        ).fetchone()
        assert found is not None
        sent, seconds = int(str(found[0])), float(str(found[1]))
        if not sent == mail.messages() == draft.readers:
            raise RuntimeError(f"{sent:,} sent, {mail.messages():,} taken, {draft.readers:,} wanted")
        return sent / seconds


def _until(watching: psycopg.Connection[tuple[object, ...]], question: str, workers: list[Started]) -> None:
    while watching.execute(question).fetchone() != (True,):
        if not all(worker.is_at_work for worker in workers):
            raise RuntimeError("a worker ended by itself")
        time.sleep(0.05)


def _address(socket: Path, database: str) -> str:
    address = make_url("postgresql+psycopg://").set(
        username=postgres.USER, database=database, query={"host": str(socket)}
    )
    return address.render_as_string()

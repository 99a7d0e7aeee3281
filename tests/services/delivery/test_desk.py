"""The desk by itself: who waits at it is answered, and how long it is patient with its database."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from typing import NamedTuple

import pytest

from newsletter.domain.delivery import Claim, DeliveryPolicy, Outcome, OutcomeKind, Outlook
from newsletter.domain.tally import Tally
from newsletter.errors import Away, StoreError
from newsletter.loop import run
from newsletter.services.delivery import apart
from newsletter.services.delivery.copies import Copies
from newsletter.services.delivery.desk import Desk
from newsletter.services.delivery.errand import Errand
from newsletter.services.delivery.line import Line, unlimited
from newsletter.services.delivery.office import Office
from newsletter.store.database import Database
from newsletter.store.ledger import open_ledger
from tests.ledger import NOW, RETURN_PATH, message, reader
from tests.played_ledger import PlayedLedger
from tests.sending import started


class Room(NamedTuple):
    """A desk, and what is behind it."""

    desk: Desk
    office: Office
    ledger: PlayedLedger


def a_room(database: Database, readers: int) -> Room:
    copies = Copies(message(), reader, RETURN_PATH)
    errand = Errand(database, started(database, readers), copies, DeliveryPolicy(), lambda: NOW)
    ledger = PlayedLedger(open_ledger(database, errand.issue, errand.policy, "worker"))
    line = Line(unlimited(), errand.clock, 1)
    office = Office(errand, ledger, line, Tally())
    return Room(Desk(office, line), office, ledger)


def test_who_waits_is_answered_when_the_desk_closes_in_the_middle_of_a_turn(database: Database) -> None:
    """The reader left meanwhile: the worker's wish is neither granted nor among those that the closing answers."""
    desk, office, ledger = a_room(database, 1)

    async def main() -> Claim | None:
        loop = asyncio.get_running_loop()

        def turn(settled: object, claims: object) -> dict[int, Claim]:
            loop.call_soon_threadsafe(office.close)
            time.sleep(0.1)
            return {}

        async with office.opened():
            ledger.play(turn=turn)
            keeper = asyncio.create_task(office.keep())
            given = await asyncio.wait_for(desk.next(), 5)
            await keeper
        return given

    assert run(main()) is None


def test_who_reports_is_told_when_it_is_written_down(database: Database) -> None:
    """On SQLite: else when the ledger has heard it, for nobody should wait for the way to a server."""
    (desk, office, ledger), told = a_room(database, 2), list[str]()

    async def main() -> tuple[list[str], list[str]]:
        async with office.opened():
            ledger.play(hear=lambda settled: told.append("heard"))
            keeper = asyncio.create_task(office.keep())
            first = await asyncio.wait_for(desk.next(), 5)
            assert first
            desk.report(first, Outcome(OutcomeKind.ACCEPTED, 250), lambda: told.append("first"))
            before = list(told)
            second = await asyncio.wait_for(desk.next(), 5)
            assert second
            after = list(told)
            desk.report(second, Outcome(OutcomeKind.BROKEN))
            office.close()
            await keeper
        return before, after

    assert run(main()) == (["heard"] if database.is_sqlite else ["heard", "first"], ["heard", "first"])


def test_an_outcome_is_written_down_before_a_session_is_opened(sqlite_url: str) -> None:
    """Which may take minutes: a crash meanwhile would leave the message in doubt."""
    database = Database(sqlite_url)
    (desk, office, _), told = a_room(database, 1), list[str]()

    async def main() -> None:
        async with office.opened():
            claim = await desk.next()
            assert claim
            desk.report(claim, Outcome(OutcomeKind.ACCEPTED, 250), lambda: told.append("written"))
            assert not told
            with desk.getting_ready():
                assert told

    run(main())
    database.close()


def test_what_comes_back_during_a_look_is_looked_for_again(database: Database) -> None:
    """The look found nothing, and nobody busy; meanwhile a worker reported what may go out again."""
    desk, office, ledger = a_room(database, 1)
    looks: list[bool] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        async with office.opened():
            only_one = desk.reserve()  # who asks now has to wait
            assert only_one
            come_back = functools.partial(desk.report_unbegun, only_one, Outcome(OutcomeKind.BROKEN))

            def outlook(in_flight: int, now: object) -> Outlook:
                looks.append(office.closed.is_set())
                if len(looks) == 1:
                    if threading.current_thread() is threading.main_thread():  # SQLite's looks take no thread
                        come_back()
                    else:
                        loop.call_soon_threadsafe(come_back)
                        time.sleep(0.1)
                return Outlook(done=True)

            ledger.play(claim=lambda *given: [], outlook=outlook)
            waiting = asyncio.create_task(desk.next())
            await asyncio.wait_for(office.keep(), 5)
            assert await waiting is None

    run(main())
    assert looks == [False, False]


def _locked() -> str:
    raise Away("database is locked")


def test_a_process_that_slept_was_not_patient_meanwhile(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in the middle of a try that fails, it tries again; else a lock of a moment would have ended the run."""
    monkeypatch.setattr(apart, "STORE_PATIENCE", 0.5)
    monkeypatch.setattr(apart, "_LONGEST_TRY", 0.1)
    tries: list[float] = []

    def work() -> str:
        tries.append(time.monotonic())
        if len(tries) == 1:
            time.sleep(0.8)  # so it looks to who was stopped
        return _locked() if len(tries) < 3 else "written"

    assert run(a_room(database, 1).office.apart(work)) == "written"
    assert len(tries) == 3


def test_a_run_that_is_told_to_stop_waits_for_each_of_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long ago that was: what a server answered in the last second is written down like the rest."""
    monkeypatch.setattr(apart, "STOPPING_PATIENCE", 0.5)
    monkeypatch.setattr(apart, "_PAUSE", 0.02)
    said: list[str] = []

    async def main() -> str:
        work = apart.Apart("here", at_once=True, tell=said.append)
        work.hurry()
        await asyncio.sleep(0.7)
        tries = iter([Away("locked")] * 3)

        def turn() -> str:
            if trouble := next(tries, None):
                raise trouble
            return "written"

        return await work(turn)

    assert run(main()) == "written"


def test_what_holds_a_run_up_is_said_and_forgotten_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_WORTH_TELLING", 0.05)
    monkeypatch.setattr(apart, "_PAUSE", 0.02)
    said: list[str] = []

    async def main() -> None:
        until = time.monotonic() + 0.3

        def turn() -> None:
            if time.monotonic() < until:
                raise Away("locked")

        await apart.Apart("here", at_once=True, tell=said.append)(turn)

    run(main())
    assert "the ledger in here cannot be written: locked" in said
    assert said[-1] == ""


def test_patience_with_a_database_ends(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "STORE_PATIENCE", 0.3)
    with pytest.raises(StoreError, match="cannot be written: database is locked"):
        run(a_room(database, 1).office.apart(_locked))

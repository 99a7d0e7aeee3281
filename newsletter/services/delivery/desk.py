"""The desk at which the workers of a run get their deliveries and report what came of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from newsletter.domain.bucket import Bucket
from newsletter.domain.delivery import Claim, Outcome
from newsletter.services.delivery.line import Line
from newsletter.services.delivery.office import Office


class Desk:
    """One per run, in its office."""

    def __init__(self, office: Office, line: Line) -> None:
        self._office, self._line = office, line
        self._wishes, self._closed = office.wishes, office.closed

    async def next(self, reserved: Claim | None = None) -> Claim | None:
        """The next delivery, in the ledger as in flight; None when there is no more for this run.

        It is the `reserved` one, unless its reader has left.
        """
        if self._closed.is_set():
            return None
        if self._office.at_once and not self._wishes:  # so it is nearly always on SQLite
            reserved = reserved or self._line.take()
            if reserved and (begun := self._office.begin(reserved)):
                return begun
        answer = self._wishes.for_delivery(reserved)
        self._office.serve()
        return await answer

    async def reservation(self) -> Claim | None:
        """As `reserve`, but waits for one; None when there is no more for this run."""
        if self._closed.is_set():
            return None
        answer = self._wishes.for_reservation()
        self._office.serve()
        return await answer

    def reserve(self) -> Claim | None:
        """A delivery for the worker's next wish: known, but not begun. None when none is at hand that may go."""
        return None if self._closed.is_set() else self._line.take()

    def release(self, reserved: Claim) -> None:
        """Another worker may have it."""
        self._line.put_back(reserved)
        self._office.ring()

    @property
    def is_waited_at(self) -> bool:
        """Whether a worker with a session has nothing to send."""
        return self._wishes.any_to_begin

    @contextmanager
    def getting_ready(self) -> Iterator[None]:
        """While a worker opens a session, the run is no more idle than with a message in flight.

        That may take minutes: what was reported is written down first.
        """
        self._office.serve()
        self._office.getting_ready += 1
        try:
            yield
        finally:
            self._office.getting_ready -= 1

    def report(self, claim: Claim, outcome: Outcome, written: Callable[[], None] = lambda: None) -> None:
        """What came of a delivery that `next` gave; written down before anything else is given out.

        `written` is called then; where that takes a way to a server, as soon as the ledger has heard it.
        """
        self._office.in_flight -= 1
        if self._office.at_once:
            self._office.take_in(claim, outcome, written)
        else:
            self._office.take_in(claim, outcome)
            written()

    def report_unbegun(self, claim: Claim, outcome: Outcome) -> None:
        """What kept a delivery that was only reserved from being begun."""
        self._office.take_in(claim, outcome)

    async def rest(self, seconds: float, reason: str) -> None:
        """A pause of one worker whose session broke; ends early when the office closes."""
        if seconds:
            self._office.stall.rests(reason)
            await self._pause(seconds)

    async def hold(self, bucket: Bucket) -> None:
        """A worker's pause between two messages, where connections have a pace of their own."""
        wait = bucket.wait(time.monotonic())
        if wait:
            await self._pause(wait)
        bucket.take(time.monotonic())

    async def _pause(self, seconds: float) -> None:
        self._office.serve()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), seconds)

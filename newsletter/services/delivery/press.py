"""Makes the readers' messages: those that all workers need next in one go.

Between two messages so much else is done that the processor forgets how one is made: alone it takes three times as long
as right behind another.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from newsletter.domain.delivery import Claim
from newsletter.services.delivery.copies import Copies


class Press:
    """One per run. A worker is whatever tells one from another."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies
        self._coming: dict[object, Claim] = {}
        self._made: dict[object, tuple[Claim, Sequence[bytes]]] = {}

    def message(self, worker: object, claim: Claim, following: Claim | None) -> Sequence[bytes]:
        """The reader's message in chunks; `following` is whose this worker will likely ask for next.

        Raises whatever keeps it from being made: that is of this reader alone.
        """
        if worker not in self._made:
            self._make_what_comes()
        made_for, message = self._made.pop(worker, (None, ()))
        if following:
            self._coming[worker] = following
        if made_for != claim:  # another one after all, or the reader has a new address
            message = self._make(claim)
        return message

    def _make_what_comes(self) -> None:
        for worker, claim in self._coming.items():
            with suppress(Exception):  # whoever asks for it hears of it
                self._made[worker] = claim, self._make(claim)
        self._coming.clear()

    def _make(self, claim: Claim) -> Sequence[bytes]:
        return self._copies.message.fill(self._copies.reader_of(claim))

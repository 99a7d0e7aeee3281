"""Whose message is made when, and that each worker gets the one that it asks for."""

from __future__ import annotations

import pytest

from newsletter.domain.delivery import Claim
from newsletter.domain.subscriber import Reader
from newsletter.errors import AddressError
from newsletter.services.delivery.copies import Copies
from newsletter.services.delivery.press import Press
from tests.ledger import RETURN_PATH, message, reader

FIRST, SECOND, THIRD, FOURTH, FIFTH = (Claim(number, number, f"reader{number}@example.org") for number in range(1, 6))


class Made(list[int]):
    """Copies that write down for whom they are made, in this order; nobody can make any for those in `impossible`."""

    def __init__(self, *impossible: Claim) -> None:
        super().__init__()
        self._impossible = impossible

    def copies(self) -> Copies:
        return Copies(message(), self._reader, RETURN_PATH)

    def _reader(self, claim: Claim) -> Reader:
        self.append(claim.id)
        if claim in self._impossible:
            raise AddressError(claim.email)
        return reader(claim)


def addressee(chunks: object) -> str:
    assert isinstance(chunks, list)
    return b"".join(chunks).split(b"\r\n")[0].decode()


def test_what_all_workers_need_next_is_made_in_one_go() -> None:
    made = Made()
    press = Press(made.copies())
    press.message("a", FIRST, THIRD)
    press.message("b", SECOND, FOURTH)
    assert made == [1, 3, 2]
    assert addressee(press.message("a", THIRD, FIFTH)) == "To: reader3@example.org"
    assert made == [1, 3, 2]
    assert addressee(press.message("b", FOURTH, None)) == "To: reader4@example.org"
    assert made == [1, 3, 2, 4, 5]
    assert addressee(press.message("a", FIFTH, None)) == "To: reader5@example.org"
    assert made == [1, 3, 2, 4, 5]


def test_a_reader_with_a_new_address_gets_the_message_there() -> None:
    press = Press(Made().copies())
    press.message("a", FIRST, SECOND)
    press.message("b", THIRD, FOURTH)
    press.message("b", FOURTH, None)  # by now there is one for the second
    moved = SECOND._replace(email="new@example.net")
    assert addressee(press.message("a", moved, None)) == "To: new@example.net"


def test_a_worker_that_gets_another_delivery_after_all_sends_no_message_to_somebody_else() -> None:
    press = Press(Made().copies())
    press.message("a", FIRST, SECOND)
    press.message("b", SECOND, None)
    assert addressee(press.message("a", THIRD, FOURTH)) == "To: reader3@example.org"
    assert addressee(press.message("a", FOURTH, None)) == "To: reader4@example.org"


def test_a_message_that_cannot_be_made_is_a_matter_of_its_own_reader_alone() -> None:
    press = Press(Made(THIRD).copies())
    press.message("a", FIRST, THIRD)
    assert addressee(press.message("b", SECOND, FOURTH)) == "To: reader2@example.org"
    with pytest.raises(AddressError, match=r"reader3@example\.org"):
        press.message("a", THIRD, None)
    assert addressee(press.message("b", FOURTH, None)) == "To: reader4@example.org"

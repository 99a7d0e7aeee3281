"""The ends of messages go out in turn, as many as the window allows; a silent server holds up nobody for long."""

from __future__ import annotations

import asyncio
import time

import pytest

from newsletter.domain.delivery import Envelope, OutcomeKind
from newsletter.domain.window import Window
from newsletter.services.loop import run
from newsletter.transports.limiter import PATIENCE, Limiter
from newsletter.transports.smtp import SmtpTransport
from tests.ledger import RETURN_PATH
from tests.smtp_sink import HOLD, SILENCE, Sink, reply


def limiter(size: int) -> Limiter:
    return Limiter(Window(8, size=size))


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def test_as_many_as_the_window_allows_and_in_the_order_in_which_they_came() -> None:
    async def main() -> None:
        places, entered = limiter(2), list[int]()

        async def come(who: int) -> None:
            await places.enter(who)
            entered.append(who)

        tasks = [asyncio.create_task(come(who)) for who in range(5)]
        await turns(5)
        assert entered == [0, 1]
        assert not places.enter_at_once(9)
        places.leave(1)
        await turns(5)
        assert entered == [0, 1, 2]
        places.leave(0)
        places.leave(2)
        await turns(5)
        assert entered == [0, 1, 2, 3, 4]
        await asyncio.gather(*tasks)

    run(main())


def test_a_place_that_is_free_is_taken_at_once_and_left_but_once() -> None:
    places = limiter(1)
    assert places.enter_at_once("one")
    assert not places.enter_at_once("two")
    places.leave("one")
    places.leave("one")
    assert places.enter_at_once("two")
    assert not places.enter_at_once("three")


@pytest.mark.parametrize("is_told", [False, True])
def test_who_is_called_off_holds_up_nobody(is_told: bool) -> None:
    async def main() -> None:
        places = limiter(1)
        assert places.enter_at_once("first")
        called_off, other = (asyncio.create_task(places.enter(who)) for who in ("second", "third"))
        await turns(3)
        if is_told:  # that the place is his, a moment before he is called off
            places.leave("first")
        called_off.cancel()
        places.leave("first")
        await asyncio.wait_for(other, PATIENCE / 2)
        assert not places.enter_at_once("fourth")
        places.leave("third")
        assert places.enter_at_once("fourth")

    run(main())


def test_nobody_waits_long_for_a_silent_server() -> None:
    async def main() -> float:
        places = limiter(1)
        assert places.enter_at_once("silent")
        began = time.monotonic()
        await asyncio.gather(places.enter("second"))
        places.leave("second")
        await places.enter("third")
        waited = time.monotonic() - began
        places.leave("silent")
        places.answered("third")
        places.leave("third")
        assert places.enter_at_once("fourth")
        assert not places.enter_at_once("fifth")
        return waited

    assert PATIENCE * 0.9 < run(main()) < PATIENCE + 1


def test_behind_a_silent_server_the_last_of_many_does_not_wait_for_each_of_the_others() -> None:
    async def main() -> float:
        places = limiter(1)
        began = time.monotonic()
        await asyncio.gather(*(places.enter(who) for who in range(40)))
        return time.monotonic() - began

    assert run(main()) < 12 * PATIENCE


def test_a_second_event_loop_has_patience_anew() -> None:
    """The first one ended while there was an alarm to come."""
    places = limiter(1)

    async def first() -> None:
        places.enter_at_once("one")
        other = asyncio.create_task(places.enter("another"))
        await turns(2)
        places.leave("one")
        await other
        places.leave("another")

    async def second() -> None:
        places.enter_at_once("silent")
        await asyncio.wait_for(places.enter("other"), PATIENCE + 5)

    run(first())
    run(second())


async def send(transport: SmtpTransport, who: int) -> OutcomeKind:
    connection = transport.connection()
    try:
        outcome = await connection.send(Envelope(RETURN_PATH, f"r{who}@example.org"), message(who))
    finally:
        await connection.close()
    return outcome.kind


def message(who: int) -> list[bytes]:
    return [f"Message-ID: <{who}@example.org>\r\n\r\n".encode(), b"x" * 70 + b"\r\n"]


def test_what_waits_for_its_turn_is_with_the_server_but_for_its_end() -> None:
    async def main(sink: Sink) -> list[OutcomeKind]:
        transport = SmtpTransport("127.0.0.1", sink.port, connections=8)
        sending = [asyncio.create_task(send(transport, who)) for who in range(4)]
        await asyncio.to_thread(sink.wait_for, 1)
        await asyncio.sleep(PATIENCE / 3)
        assert (len(sink.received), sink.open_sessions) == (1, 4)  # the end of one went out
        assert sink.commands.count("DATA") == 4
        sink.release()
        return list(await asyncio.gather(*sending))

    with Sink() as sink:
        sink.fail("answer", HOLD, times=1)
        assert run(main(sink)) == [OutcomeKind.ACCEPTED] * 4
    assert set(sink.accepted.values()) == {1}
    assert all(received.content.endswith(b"x" * 70 + b"\r\n") for received in sink.received)


def test_a_silence_after_the_dot_keeps_nobody_else_from_getting_theirs() -> None:
    async def main(sink: Sink) -> list[OutcomeKind]:
        transport = SmtpTransport("127.0.0.1", sink.port, connections=8)
        silent = asyncio.create_task(send(transport, 0))
        await asyncio.to_thread(sink.wait_for, 1)
        others = await asyncio.wait_for(asyncio.gather(*(send(transport, who) for who in range(1, 9))), 5)
        silent.cancel()
        await asyncio.wait([silent])
        return others

    with Sink() as sink:
        sink.fail("answer", SILENCE, times=1)
        assert run(main(sink)) == [OutcomeKind.ACCEPTED] * 8


def test_a_server_that_ends_it_while_a_message_waits_is_heard() -> None:
    """It says 421, or hangs up, before the end of the message went out: it cannot have it, and nobody is in doubt."""

    async def main(sink: Sink) -> list[OutcomeKind]:
        transport = SmtpTransport("127.0.0.1", sink.port, connections=8)
        held = asyncio.create_task(send(transport, 0))
        await asyncio.to_thread(sink.wait_for, 1)
        outcomes = await asyncio.gather(send(transport, 1), send(transport, 2))
        sink.release()
        return [*outcomes, await held]

    with Sink() as sink:
        sink.fail("answer", HOLD, times=1)
        sink.fail("body", reply(421, "4.3.2 going down"), to="r1@example.org")
        sink.fail("body", reply(452, "4.3.1 no room"), to="r2@example.org")
        assert run(main(sink)) == [OutcomeKind.BROKEN, OutcomeKind.DEFERRED, OutcomeKind.ACCEPTED]
    assert list(sink.recipients) == ["r0@example.org"]

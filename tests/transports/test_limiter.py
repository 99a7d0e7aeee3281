"""Messages go out in turn, as many as the window allows; a silent server holds up nobody for long."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from newsletter.domain.delivery import Envelope, OutcomeKind
from newsletter.domain.window import Window
from newsletter.loop import run
from newsletter.transports.limiter import _SLOW, PATIENCE, Limiter
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_wire import Timeouts
from tests.ledger import RETURN_PATH
from tests.smtp_sink import HOLD, SILENCE, Sink, reply


def limiter(size: int) -> Limiter:
    return Limiter(Window(8, size=size))


@dataclass
class Message:
    """What a limiter told it."""

    begun: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        assert not self.gone.is_set()
        self.begun = True

    def finish(self) -> None:
        assert not self.gone.is_set()
        self.gone.set()


def enter(places: Limiter, *names: str) -> dict[str, Message]:
    messages = {name: Message() for name in names}
    for name, message in messages.items():
        places.enter(name, message)
    return messages


def gone(messages: dict[str, Message]) -> str:
    return "".join(name for name, message in messages.items() if message.gone.is_set())


def begun(messages: dict[str, Message]) -> str:
    return "".join(name for name, message in messages.items() if message.begun and not message.gone.is_set())


def test_as_many_as_the_window_allows_and_in_the_order_in_which_they_came() -> None:
    async def main() -> None:
        places = limiter(2)
        messages = enter(places, *"abcdef")
        assert gone(messages) == "ab"
        places.leave("b")
        assert gone(messages) == "abc"
        places.leave("a")
        places.leave("c")
        assert gone(messages) == "abcde"

    run(main())


def test_of_those_who_wait_only_the_next_is_with_the_server_but_for_its_end() -> None:
    async def main() -> None:
        places = limiter(1)
        messages = enter(places, *"abcde")
        assert (gone(messages), begun(messages)) == ("a", "b")
        places.leave("a")
        assert (gone(messages), begun(messages)) == ("ab", "c")
        places.leave("c")  # called off
        assert (gone(messages), begun(messages)) == ("ab", "cd")
        places.leave("b")
        assert (gone(messages), begun(messages)) == ("abd", "ce")

    run(main())


def test_at_a_slow_server_all_who_wait_are_there_but_for_their_ends() -> None:
    """Sending takes as long as the answer there: one after the other they would never get a wide window filled."""

    async def main() -> None:
        places = limiter(1)
        messages = enter(places, *"abcde")
        places.answered("a")
        places.leave("a")
        assert (gone(messages), begun(messages)) == ("ab", "c")
        await asyncio.sleep(2 * _SLOW)
        places.answered("b")
        places.leave("b")
        assert (gone(messages), begun(messages)) == ("abc", "de")

    run(main())


def test_a_place_that_is_left_twice_is_free_but_once() -> None:
    async def main() -> None:
        places = limiter(1)
        messages = enter(places, *"abc")
        places.leave("a")
        places.leave("a")
        assert gone(messages) == "ab"

    run(main())


def test_who_is_called_off_holds_up_nobody() -> None:
    async def main() -> None:
        places = limiter(1)
        messages = enter(places, *"abc")
        places.leave("b")
        assert gone(messages) == "a"
        places.leave("a")
        assert gone(messages) == "ac"
        later = enter(places, "d")
        places.leave("c")
        assert gone(later) == "d"

    run(main())


async def place(places: Limiter, who: object) -> None:
    message = Message()
    places.enter(who, message)
    await message.gone.wait()


def test_nobody_waits_long_for_a_silent_server() -> None:
    async def main() -> float:
        places = limiter(1)
        enter(places, "silent")
        began = time.monotonic()
        await place(places, "second")
        places.leave("second")
        await place(places, "third")
        waited = time.monotonic() - began
        places.leave("silent")
        places.answered("third")
        places.leave("third")
        assert gone(enter(places, "4", "5")) == "4"
        return waited

    assert PATIENCE * 0.9 < run(main()) < PATIENCE + 1


def test_behind_a_silent_server_the_last_of_many_does_not_wait_for_each_of_the_others() -> None:
    async def main() -> float:
        places = limiter(1)
        began = time.monotonic()
        await asyncio.gather(*(place(places, who) for who in range(40)))
        return time.monotonic() - began

    assert run(main()) < 12 * PATIENCE


def test_a_second_event_loop_has_patience_anew() -> None:
    """The first one ended while there was an alarm to come."""
    places = limiter(1)

    async def first() -> None:
        enter(places, "one", "another")
        places.leave("one")
        places.leave("another")

    async def second() -> None:
        enter(places, "silent")
        await asyncio.wait_for(place(places, "other"), PATIENCE + 5)

    run(first())
    run(second())


async def send(transport: SmtpTransport, who: int, more: bytes = b"") -> OutcomeKind:
    connection = transport.connection()
    try:
        outcome = await connection.send(Envelope(RETURN_PATH, f"r{who}@example.org"), [*message(who), more])
    finally:
        await connection.close()
    return outcome.kind


def message(who: int) -> list[bytes]:
    return [f"Message-ID: <{who}@example.org>\r\n\r\n".encode(), b"x" * 70 + b"\r\n"]


def test_what_waits_for_its_turn_reaches_the_server_whole_and_once() -> None:
    async def main(sink: Sink) -> list[OutcomeKind]:
        transport = SmtpTransport("127.0.0.1", sink.port, connections=8)
        sending = [asyncio.create_task(send(transport, who)) for who in range(4)]
        await asyncio.to_thread(sink.wait_for, 1)
        await asyncio.sleep(PATIENCE / 3)
        assert (len(sink.received), sink.open_sessions) == (1, 4)
        assert (sink.commands.count("DATA"), sink.bodies_begun) == (4, 2)  # the second has no end yet
        sink.release()
        return list(await asyncio.gather(*sending))

    with Sink() as sink:
        sink.fail("answer", HOLD, times=1)
        assert run(main(sink)) == [OutcomeKind.ACCEPTED] * 4
    assert sorted(received.content for received in sink.received) == [b"".join(message(who)) for who in range(4)]


def test_a_server_that_stops_reading_who_waits_is_given_up_as_one_that_stops_reading() -> None:
    """By the timeout of a block, not by that of the answer to the dot, which has not left."""

    async def main(sink: Sink) -> OutcomeKind:
        timeouts = Timeouts(block=0.5, dot=20)
        transport = SmtpTransport("127.0.0.1", sink.port, connections=8, timeouts=timeouts)
        held = asyncio.create_task(send(transport, 0))
        await asyncio.to_thread(sink.wait_for, 1)
        next_one = asyncio.create_task(send(transport, 1))
        await asyncio.sleep(PATIENCE / 2)  # so that the stuck one waits for its answer before any of it goes out
        stuck = await asyncio.wait_for(send(transport, 2, b"y" * 20_000_000), 10)
        sink.release()
        await asyncio.gather(held, next_one)
        return stuck

    with Sink() as sink:
        sink.fail("answer", HOLD, to="r0@example.org")
        sink.fail("body", SILENCE, to="r2@example.org")
        assert run(main(sink)) is OutcomeKind.BROKEN


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


def test_what_is_answered_keeps_its_place_until_it_is_written_down() -> None:
    async def main(sink: Sink) -> None:
        transport = SmtpTransport("127.0.0.1", sink.port, connections=8)
        first = transport.connection()
        await first.send(Envelope(RETURN_PATH, "r0@example.org"), message(0))
        another = enter(transport.limiter, "another")
        assert not gone(another)
        first.recorded()
        assert gone(another)
        await first.close()

    with Sink() as sink:
        run(main(sink))


@pytest.mark.parametrize("follows", ["send", "close"])
def test_who_sends_again_or_closes_has_settled_the_one_before(follows: str) -> None:
    async def main(sink: Sink) -> None:
        transport = SmtpTransport("127.0.0.1", sink.port, connections=8)
        first = transport.connection()
        await first.send(Envelope(RETURN_PATH, "r0@example.org"), message(0))
        if follows == "send":
            began = time.monotonic()
            await first.send(Envelope(RETURN_PATH, "r1@example.org"), message(1))
            assert time.monotonic() - began < PATIENCE
            first.recorded()
        else:
            await first.close()
        assert gone(enter(transport.limiter, "another"))
        await first.close()

    with Sink() as sink:
        run(main(sink))

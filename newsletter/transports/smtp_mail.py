"""One SMTP mail transaction: MAIL, RCPT and DATA in one go where the server offers PIPELINING (RFC 2920)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from newsletter.domain.delivery import Envelope, Outcome, OutcomeKind
from newsletter.transports.limiter import Limiter
from newsletter.transports.smtp_session import Session
from newsletter.transports.smtp_wire import Broken, Reply, Timeouts, Wire

_SOUND_PATH = re.compile(r"[^\x00-\x20\x7f<>]+")
_HEADROOM = 1024  # bytes by which one reader's message may be longer than another's
_TOO_MANY = ".5.3"  # too many recipients (RFC 3463 §3.6): a message has one, so it is the session that had too many
_OF_SESSION = re.compile(r"\b(?:per|this|one|single) (?:smtp )?(?:session|connection)\b", re.IGNORECASE)
_OUT_OF_STEP = (500, 502, 503)  # not about a recipient: the server lost the thread


class Answers(NamedTuple):
    """The replies to MAIL, RCPT and DATA; None where the command was not sent."""

    mail: Reply
    rcpt: Reply | None = None
    data: Reply | None = None


class OutOfStep(Broken):
    """A pipelined group was not answered as it should be; `sure`: because the server does not do PIPELINING."""

    def __init__(self, words: str, sure: bool) -> None:
        super().__init__(words)
        self.sure = sure


class Mail(NamedTuple):
    """`body` is dot-stuffed and ends with its dot; `following` is who may be announced right behind it."""

    envelope: Envelope
    body: Sequence[bytes]
    following: Envelope | None = None


async def transact(session: Session, mail: Mail, pipelined: bool, timeouts: Timeouts, limiter: Limiter) -> Outcome:
    """Hands one message over; it goes out when `limiter` lets it.

    Raises Broken when the session broke before the dot could have arrived. After that: UNCERTAIN.
    """
    size = sum(map(len, mail.body))
    if session.announced:
        if trouble := _too_big(session, size):
            session.wire.drop()  # the server expects a message, and would take whatever comes next for it
            return trouble
        answers = await _in_one_go(session, timeouts)
    elif trouble := _cannot_be_sent(session, mail.envelope, size):
        return trouble
    elif pipelined:
        answers = await _announce(session, _commands(session, mail.envelope, size), timeouts)
    else:
        answers = await _in_lock_step(session, _commands(session, mail.envelope, size), timeouts)
    session.open_mail = True
    refusal = _refusal(answers, session.accepted)
    if refusal is None:
        return await _send(session, mail, size, timeouts, limiter)
    if answers.data and answers.data.code == 354:
        # The server waits for a message that must not be sent: an empty one ends the wait (RFC 2920 §3.1).
        with contextlib.suppress(Broken):
            await session.wire.ask(".", timeouts.data)
    return refusal


def _cannot_be_sent(session: Session, envelope: Envelope, size: int) -> Outcome | None:
    if not _SOUND_PATH.fullmatch(envelope.recipient):
        return Outcome(OutcomeKind.REJECTED, 501, "5.1.3", "this address cannot stand in an envelope")
    if not envelope.recipient.isascii() and "SMTPUTF8" not in session.offers:
        words = "the address needs SMTPUTF8, which the mail server does not offer"
        return Outcome(OutcomeKind.REJECTED, 553, "5.6.7", words)
    return _too_big(session, size)


def _too_big(session: Session, size: int) -> Outcome | None:
    if 0 < session.most_bytes < size:
        words = f"the message has {size} bytes, the mail server takes at most {session.most_bytes}"
        return Outcome(OutcomeKind.BROKEN, 552, "5.3.4", words)
    return None


def _commands(session: Session, envelope: Envelope, size: int) -> list[str]:
    size_word = f" SIZE={size}" if "SIZE" in session.offers else ""
    utf8_word = "" if envelope.recipient.isascii() else " SMTPUTF8"
    return [
        f"MAIL FROM:<{envelope.return_path}>{size_word}{utf8_word}",
        f"RCPT TO:<{envelope.recipient}>",
        "DATA",
    ]


def _group(commands: list[str]) -> bytes:
    return "\r\n".join([*commands, ""]).encode("utf-8")


async def _announce(session: Session, commands: list[str], timeouts: Timeouts) -> Answers:
    reset = ["RSET"] if session.open_mail else []
    session.wire.write(_group([*reset, *commands]))
    if reset and (reply := await session.wire.reply(timeouts.command)).code == 421:
        return Answers(reply)
    return await _in_one_go(session, timeouts)


async def _in_one_go(session: Session, timeouts: Timeouts) -> Answers:
    """Reads what is answered to MAIL, RCPT and DATA."""
    announced, session.announced = session.announced is not None, None
    first = timeouts.group if announced else timeouts.command
    answers: list[Reply] = []
    try:
        for seconds in (first, timeouts.group, timeouts.group):
            answers.append(await session.wire.reply(seconds))
            if answers[-1].code == 421:
                break
    except Broken as error:
        sure = (announced or bool(answers)) and not session.wire.lost
        session.wire.drop()
        if all(reply.code // 100 == 2 for reply in answers):
            raise OutOfStep(str(error), sure) from None
    _keep_step(answers)
    return Answers(*answers)


def _keep_step(answers: list[Reply]) -> None:
    """Raises OutOfStep when the replies to MAIL and RCPT show that the server lost or mixed up what was sent."""
    for reply in answers[:2]:
        if reply.code // 100 == 3 or reply.code in _OUT_OF_STEP:
            raise OutOfStep(f"{reply.code} {reply.text}", sure=True)
        if reply.code // 100 != 2:
            return


async def _in_lock_step(session: Session, commands: list[str], timeouts: Timeouts) -> Answers:
    ask = session.wire.ask
    if session.open_mail:
        await ask("RSET", timeouts.command)
    mail = await ask(commands[0], timeouts.command)
    if mail.code // 100 != 2:
        return Answers(mail)
    rcpt = await ask(commands[1], timeouts.command)
    if rcpt.code // 100 != 2:
        return Answers(mail, rcpt)
    return Answers(mail, rcpt, await ask(commands[2], timeouts.data))


def _refusal(answers: Answers, accepted: int) -> Outcome | None:
    """None when the body may go: the sender and the recipient were taken, and DATA got 354.

    `accepted` is how many messages the session has brought over: one that had enough of them is no reader's fault.
    """
    if answers.mail.code // 100 != 2:
        refused = outcome(answers.mail, OutcomeKind.BROKEN)._replace(early=True)
        return refused._replace(kind=OutcomeKind.BROKEN) if accepted else refused
    if answers.rcpt is None or answers.rcpt.code // 100 != 2:
        refused = outcome(answers.rcpt or answers.mail, OutcomeKind.REJECTED)
        if refused.status[1:] == _TOO_MANY and (accepted or refused.code >= 500):
            return refused._replace(kind=OutcomeKind.BROKEN)
        if accepted and _OF_SESSION.search(refused.text):
            return refused._replace(kind=OutcomeKind.BROKEN, early=True)
        return refused
    if answers.data is None or answers.data.code != 354:
        return outcome(answers.data or answers.rcpt, OutcomeKind.REJECTED)
    return None


class _Body:
    """The message itself, on its way through `wire` when the limiter lets it. `gone`: whole, its end too."""

    def __init__(self, wire: Wire, pieces: Sequence[bytes], behind: bytes, block: float) -> None:
        self._wire, self._pieces, self._behind, self._block = wire, pieces, behind, block
        self._begun = self.gone = False

    def begin(self) -> None:
        if not self._begun and not self._wire.has_replies:
            self._begun = True
            self._write(*self._pieces[:-1])

    def finish(self) -> None:
        if not self._wire.has_replies:  # else the server does not wait for it
            self.gone = True
            self._write(*(self._pieces[-1:] if self._begun else self._pieces), behind=self._behind)

    def _write(self, *pieces: bytes, behind: bytes = b"") -> None:
        self._wire.write(*pieces, behind=behind)
        if self._wire.unsent:  # the server does not read on, and is not waited for as for its answer
            self._wire.wait_anew(self._block)


async def _send(session: Session, mail: Mail, size: int, timeouts: Timeouts, limiter: Limiter) -> Outcome:
    wire, body = session.wire, _Body(session.wire, mail.body, _ahead(session, mail, size), timeouts.block)
    if wire.has_replies:
        return _too_early(session, await wire.reply(timeouts.dot))
    limiter.enter(wire, body)
    try:
        reply = await wire.reply(timeouts.block if wire.unsent else timeouts.dot)
    except Broken as error:
        if wire.unsent or not body.gone:
            raise
        return Outcome(OutcomeKind.UNCERTAIN, 0, "", f"{error} after the whole message had gone out")
    if wire.unsent or not body.gone:
        return _too_early(session, reply)
    limiter.answered(wire)
    session.open_mail = False
    if reply.code // 100 == 2:
        session.accepted += 1
        return Outcome(OutcomeKind.ACCEPTED, reply.code, reply.status, reply.text)
    if reply.code // 100 not in (4, 5):
        return Outcome(OutcomeKind.UNCERTAIN, reply.code, reply.status, reply.text)
    return outcome(reply, OutcomeKind.REJECTED)


def _ahead(session: Session, mail: Mail, size: int) -> bytes:
    """The commands for the next one, which go right behind the message: a group may begin with one (RFC 2920 §3.1).

    The next one's size is not known yet; what it declares is an estimate (RFC 1870 §5).
    """
    next_one = mail.following
    if next_one is None or _cannot_be_sent(session, next_one, size + _HEADROOM):
        return b""
    session.announced = next_one
    return _group(_commands(session, next_one, size + _HEADROOM))


def _too_early(session: Session, reply: Reply) -> Outcome:
    """An answer to a message that has not all left: a refusal counts, nothing else can be believed.

    The session ends, for what would come next might be read as a part of the message, or its rest as commands.
    """
    session.wire.drop()
    session.announced = None
    if reply.code // 100 == 2:
        return Outcome(OutcomeKind.BROKEN, 0, "", "the server accepted a message that it did not have yet")
    return outcome(reply, OutcomeKind.REJECTED)


def outcome(reply: Reply, for_good: OutcomeKind) -> Outcome:
    """What a refusal means: 421 ends the session, 4xx is for later, 5xx is `for_good`; else we are out of step."""
    if reply.code == 421:
        kind = OutcomeKind.BROKEN
    elif reply.code // 100 == 4:
        kind = OutcomeKind.DEFERRED
    elif reply.code // 100 == 5 and reply.code not in _OUT_OF_STEP:
        kind = for_good
    else:
        kind = OutcomeKind.BROKEN
    return Outcome(kind, reply.code, reply.status, reply.text)

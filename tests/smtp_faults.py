"""What the sink of the tests does wrong: the ways in which a mail server fails, one by one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

STAGES = (
    "greeting", "EHLO", "STARTTLS", "AUTH", "RSET", "MAIL", "RCPT", "DATA", "body", "middle", "dot", "answer", "QUIT",
)  # fmt: skip
"""`body`: 354 is out, the message is coming. `middle`: some of it is here. `dot`: all of it is, not yet accepted.
`answer`: it is accepted and logged, the 250 is due: a cut here leaves the sender in doubt."""


@dataclass(frozen=True)
class Action:
    """What a fault does: a reply instead of the right one, a `cut`, `silence`, a `delay`, or to `hold` until the test
    calls `release`; a `half` reply, or the first line of one (`begun`), and then a cut; no SMTP at all (`noise`).

    `odd`: the right answer, said as few servers do: `style` names how.
    """

    kind: str
    code: int = 0
    text: str = ""
    seconds: float = 0.0
    style: str = ""


CUT = Action("cut")
SILENCE = Action("silence")
HALF = Action("half")
BEGUN = Action("begun")
NOISE = Action("noise")
HOLD = Action("hold")
STYLES = ("dribbled", "late line end", "line feeds alone", "long", "wordless")
ODD = tuple(Action("odd", style=style) for style in STYLES)


def reply(code: int, text: str = "") -> Action:
    return Action("reply", code, text or "as the test wants it")


def delay(seconds: float) -> Action:
    return Action("delay", seconds=seconds)


@dataclass
class Fault:
    stage: str
    action: Action
    to: str = ""  # only for this recipient (from RCPT on); "" for all
    times: int = -1  # how often; -1 for ever
    after: int = 0  # let so many pass first

    def due(self, stage: str, to: str) -> bool:
        """Whether it happens now; a call counts."""
        if self.stage != stage or self.times == 0 or (self.to and self.to != to):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= self.times > 0
        return True


def lines(code: int, *texts: str) -> bytes:
    """A reply as it should be."""
    last = len(texts) - 1
    return "".join(f"{code}{' ' if at == last else '-'}{text}\r\n" for at, text in enumerate(texts)).encode()


async def say_oddly(writer: asyncio.StreamWriter, style: str, code: int, *texts: str) -> None:
    """The same reply for a client that reads well: split anywhere, of many lines, ended by LF alone, without words."""
    whole = lines(code, *texts)
    pieces = [whole]
    match style:
        case "dribbled":
            pieces = [whole[at : at + 3] for at in range(0, len(whole), 3)]
        case "late line end":
            pieces = [whole[:-1], whole[-1:]]
        case "line feeds alone":
            pieces = [whole.replace(b"\r\n", b"\n")]
        case "long":
            whole = lines(code, *texts[:1], "a word", "and another", *texts[1:], "the end")
            pieces = [whole[:-12], whole[-12:]]
        case "wordless" if len(texts) == 1:
            pieces = [b"%d\r\n" % code]
        case "noise behind":
            pieces = [whole + b"hello, who is there?\r\n"]
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)

"""What spam filters think of a message, where one is installed. They run here, without a network, and not for long."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from email import message_from_bytes, policy

from newsletter.preflight.known import Verdict

SECONDS = 20.0

Run = Callable[[Sequence[str], bytes], bytes]
_SCORE = re.compile(r"score=(-?[\d.]+)\s+required=(-?[\d.]+).*?tests=([^=]*?)(?:\s+\w+=|$)", re.DOTALL)
_RSPAMD_SCORE = re.compile(r"^Score: (-?[\d.]+) / (-?[\d.]+)", re.MULTILINE)
_RSPAMD_SYMBOL = re.compile(r"^Symbol: (\w+) ?\((-?[\d.]+)\)", re.MULTILINE)
_WORTH_NAMING = 0.1  # points


def verdicts(raw: bytes, run: Run | None = None, which: Callable[[str], str | None] = shutil.which) -> list[Verdict]:
    """One from each filter that is here and answers; a filter that cannot is as if it were not here."""
    run = run or _run
    found: list[Verdict] = []
    if which("spamassassin"):
        found += _spamassassin(run(("spamassassin", "-L", "-t", "-x"), raw))
    if which("rspamc"):
        found += _rspamd(run(("rspamc", "--timeout", f"{SECONDS:g}", "symbols"), raw))
    return found


def _spamassassin(answer: bytes) -> Iterator[Verdict]:
    header = message_from_bytes(answer, policy=policy.compat32).get("X-Spam-Status", "")
    if found := _SCORE.search(str(header)):
        names = tuple(name for name in re.split(r"[,\s]+", found[3]) if name and name != "none")
        yield Verdict("SpamAssassin", float(found[1]), float(found[2]), names)


def _rspamd(answer: bytes) -> Iterator[Verdict]:
    text = answer.decode("utf-8", "replace")
    if found := _RSPAMD_SCORE.search(text):
        names = tuple(name for name, points in _RSPAMD_SYMBOL.findall(text) if float(points) > _WORTH_NAMING)
        yield Verdict("rspamd", float(found[1]), float(found[2]), names)


def _run(command: Sequence[str], raw: bytes) -> bytes:
    try:
        return subprocess.run(command, input=raw, capture_output=True, timeout=SECONDS, check=False).stdout  # noqa: S603 - the commands are ours
    except (OSError, subprocess.SubprocessError):
        return b""

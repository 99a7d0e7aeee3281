"""What an operator can do about a server's answer, where there is something to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from newsletter.domain.delivery import LOGIN_REFUSED
from newsletter.domain.issue import IssueState

if TYPE_CHECKING:
    from newsletter.domain.accounting import Accounting, ReasonCount

_FINAL = 500  # from this reply code on, trying again does not help
_OF_THE_SENDER = "The sender's address is refused: `newsletter doctor` looks at its domain."
_OF_THE_SERVER = "No mail server took them: `newsletter doctor` looks at the ones under `smtp:` in config.yaml."
_OF_THE_READERS = "Addresses that are gone: unsubscribe them, so that mail servers keep trusting yours."
_TOO_BIG = "The message is too big for them: fewer stories, or shorter ones (`max_stories`)."
_OF_TRUST = "The sender is refused, not the readers: `newsletter doctor` looks at SPF, DKIM and DMARC."
_BY_STATUS = (  # the first that fits, behind the first number; RFC 3463 says what they mean
    ("1.7", _OF_THE_SENDER),
    ("1.8", _OF_THE_SENDER),
    ("1.", _OF_THE_READERS),
    ("2.1", _OF_THE_READERS),
    ("2.3", _TOO_BIG),
    ("3.4", _TOO_BIG),
    ("7.", _OF_TRUST),
)
_UNKNOWN = ("user unknown", "unknown user", "no such user", "does not exist", "mailbox unavailable", "no mailbox")


def advice(books: Accounting, reasons: Iterable[ReasonCount]) -> list[str]:
    """A line for each thing to do, what concerns most deliveries first; rich markup of ours, no words of servers."""
    told = [_advised(one, books) for one in reasons]
    return [_bold(line) for line in dict.fromkeys(told) if line]


def steps(books: Accounting, reasons: Iterable[ReasonCount]) -> list[tuple[str, str]]:
    """Commands that do it, to be copied whole, and what each is for; none where no address is gone."""
    if all(_advised(one, books) != _OF_THE_READERS for one in reasons):
        return []
    addresses = f"newsletter show {books.issue} --state failed --addresses"
    return [
        (addresses, "lists them"),
        (f"{addresses} | newsletter subscribers remove -", "unsubscribes them all"),
    ]


def _advised(reason: ReasonCount, books: Accounting) -> str:
    if reason.code in LOGIN_REFUSED:
        return "The mail server does not let us in: see `smtp: username` and NEWSLETTER_SMTP__PASSWORD."
    if reason.state == "uncertain":
        unknown = "No server said if the uncertain ones have it"
        if books.state is IssueState.CANCELLED:
            return f"{unknown}; the issue is cancelled, so it is not sent again."
        return f"{unknown}; `newsletter resume {books.issue} --uncertain` sends it again."
    if reason.state == "queued" and not reason.code:
        return _OF_THE_SERVER
    beyond = reason.status.partition(".")[2]
    if reason.state == "queued" and reason.code >= _FINAL:
        return _TOO_BIG if beyond.startswith("3.4") else _OF_TRUST
    if reason.state != "failed":
        return ""  # it is tried again, or nobody wants it: nothing to do
    for status, words in _BY_STATUS:
        if beyond.startswith(status):
            return words
    if reason.code == 552:
        return _TOO_BIG
    return _OF_THE_READERS if any(words in reason.text.lower() for words in _UNKNOWN) else ""


def _bold(line: str) -> str:
    """What stands in backticks is to be typed."""
    parts = line.split("`")
    return "".join(f"[bold]{part}[/]" if at % 2 else part for at, part in enumerate(parts))

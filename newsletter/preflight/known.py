"""What is known beside the message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.domain.answer import Answer
from newsletter.domain.clients import Clients


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a spam filter thinks: from `limit` points on it says spam; `reasons` are its tests' names."""

    program: str
    score: float
    limit: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Where nobody asked, nothing is known, and the rules that live on it are silent.

    `former_subject` is that of the issue before; `answers` are what the web said, by address. `asked`: the web was
    asked now, so an address without an answer is one for which there was no time. `clients` are the readers' mail
    programs; `media_host` is where pictures are served from, "" where that is the site itself. `changed` are the titles
    of a draft's stories of which readers would see something else if it were built now, or nothing.
    """

    now: datetime | None = None
    former_subject: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    asked: bool = False
    verdicts: tuple[Verdict, ...] = ()
    clients: Clients = field(default_factory=Clients)
    media_host: str = ""
    changed: tuple[str, ...] = ()

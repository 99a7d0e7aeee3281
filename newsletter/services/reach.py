"""Asks the web whether the addresses in an issue are alive: a few at once, each host one after the other."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from newsletter.domain.answer import Answer
from newsletter.store import web_answers
from newsletter.store.database import Database

FRESH = timedelta(hours=1)  # so long an answer is good enough
USEFUL = timedelta(days=1)  # so long it is worth telling of, where nobody may be asked
PATIENCE = 60.0  # seconds that all of it may take
_HOSTS_AT_ONCE = 8
_PAUSE = 0.1  # seconds between two requests to one host
_DEAF_AFTER = 2  # a host that gave no answer so often in a row is asked nothing more

Ask = Callable[[str, datetime], Answer]


def remembered(database: Database, urls: Iterable[str], now: datetime, age: timedelta = USEFUL) -> dict[str, Answer]:
    """What earlier checks heard; nobody is asked."""
    with database.read() as connection:
        return web_answers.known(connection, urls, now - age)


def reach(
    database: Database, urls: Sequence[str], ask: Ask, now: datetime, patience: float = PATIENCE
) -> dict[str, Answer]:
    """An answer for each address that could be asked within `patience` seconds, or was asked in the last hour."""
    answers = remembered(database, urls, now, FRESH)
    hosts: dict[str, list[str]] = defaultdict(list)
    for url in dict.fromkeys(urls):
        if url not in answers:
            hosts[_host(url)].append(url)
    if not hosts:
        return answers
    end = time.monotonic() + patience
    with ThreadPoolExecutor(_HOSTS_AT_ONCE, "reach") as crew:
        found = [
            answer for part in crew.map(lambda own: _host_asked(own, ask, now, end), hosts.values()) for answer in part
        ]
    with database.write() as connection:
        web_answers.remember(connection, found, now)
    return answers | {answer.url: answer for answer in found}


def _host_asked(urls: Sequence[str], ask: Ask, now: datetime, end: float) -> list[Answer]:
    """The answers of one host. Nobody is pressed: one that says 429, or nothing at all, is left alone."""
    answers: list[Answer] = []
    for url in urls:
        if time.monotonic() >= end:
            break
        if answers:
            time.sleep(_PAUSE)
        answers.append(ask(url, now))
        if answers[-1].status == 429 or _is_deaf(answers):
            break
    if _is_deaf(answers):
        answers += [Answer(url, now, trouble=answers[-1].trouble) for url in urls[len(answers) :]]
    return answers


def _is_deaf(answers: Sequence[Answer]) -> bool:
    last = answers[-_DEAF_AFTER:]
    return len(last) == _DEAF_AFTER and all(answer.status == 0 and not answer.private for answer in last)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return url

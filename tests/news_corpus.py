# ruff: noqa: E501 (a sentence is read best in one line)
"""Made-up news where the truth is known: who tells which story, in how many versions. New for every seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tests.news_words import (
    EVENTS,
    FIRMS,
    NOUNS,
    PEOPLE,
    PLACES,
    PREFIXES,
    QUALITIES,
    SUFFIXES,
    SYNONYMS,
    THINGS,
    TRACKERS,
    VERBS,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Item:
    story: int
    source: str
    url: str
    title: str
    published: datetime
    body: str


@dataclass(frozen=True, slots=True)
class _News:
    story: int
    title: str
    rewritten: str
    published: datetime
    body: list[str]


def corpus(seed: int, stories: int = 300) -> list[Item]:
    """About three posts a story, shuffled. Every number below is drawn from `seed`."""
    rng = random.Random(seed)
    numbers = iter(range(1, 10**9))
    items: list[Item] = []
    for _ in range(stories):
        kind = rng.choices((_single, _follow_up, _earnings, _series), (60, 20, 10, 4))[0]
        for news in kind(rng, numbers):
            items += _versions(rng, news)
    rng.shuffle(items)
    return items


def _single(rng: random.Random, numbers: Iterator[int]) -> Iterator[_News]:
    firm, thing, event, place = (rng.choice(row) for row in (FIRMS, THINGS, EVENTS, PLACES))
    reason = f"{rng.choice(QUALITIES)} {rng.choice(NOUNS)}"
    title = f"{firm} {event} its {thing} in {place} over {reason}"
    rewritten = f"In {place}, the {thing} of {firm} meets {rng.choice(QUALITIES)} {rng.choice(NOUNS)}"
    yield _News(next(numbers), title, rewritten, _day(rng), _body(rng, firm, thing))


def _follow_up(rng: random.Random, numbers: Iterator[int]) -> Iterator[_News]:
    """One firm and one thing, told again for another reason days later: alike in title and background only."""
    firm, thing, place = rng.choice(FIRMS), rng.choice(THINGS), rng.choice(PLACES)
    background = _paragraph(rng, firm, thing)
    day = _day(rng)
    for event in rng.sample(EVENTS, rng.randint(2, 4)):
        title = f"{firm} {event} {thing} in {place}"
        rewritten = f"{rng.choice(PEOPLE)} on why {firm} {event} the {thing}"
        yield _News(next(numbers), title, rewritten, day, [*_body(rng, firm, thing), background])
        day += timedelta(days=rng.randint(0, 12), hours=rng.randint(1, 20))


def _earnings(rng: random.Random, numbers: Iterator[int]) -> Iterator[_News]:
    """One mould, many firms and quarters."""
    number = next(numbers)
    day = START + timedelta(days=4 * number)  # a firm reports once a quarter, never twice in a week
    for firm in rng.sample(FIRMS, rng.randint(2, 4)):
        sales, profit, rise, chief = rng.randint(11, 990), rng.randint(2, 90), rng.randint(2, 60), rng.choice(PEOPLE)
        body = [
            f"{firm} reported sales of {sales}.{rng.randint(1, 9)} million pounds for the quarter, up {rise}% on the year "
            f"before, and a profit of {profit}.{rng.randint(1, 9)} million. Analysts had expected a little less.",
            f"Chief executive {chief} said the quarter showed that the plan works, and that {firm} would go on investing "
            f"in its people and its factories. Shares in {firm} rose {rng.randint(1, 9)}% in early trading in {rng.choice(PLACES)}.",
            f"The company expects sales of {sales + rise} million in the coming quarter and will report again in "
            f"{rng.choice(('April', 'July', 'October'))}. {chief} has led {firm} since {rng.randint(1999, 2024)}.",
        ]
        title = rng.choice((f"{firm} quarterly profit beats forecasts", f"{firm} reports sales up {rise}% in quarter"))
        yield _News(next(numbers), title, f"Good quarter for {firm} as {chief} sees more to come", day, body)
        day += timedelta(hours=rng.randint(1, 60))


def _series(rng: random.Random, numbers: Iterator[int]) -> Iterator[_News]:
    """What comes every week or day, with the same greeting and other links."""
    topic, day, first = rng.choice(NOUNS), _day(rng), rng.randint(1, 200)
    form = rng.choice(
        (
            lambda n, d: f"Weekly roundup #{n}",
            lambda n, d: f"This week in {topic}",
            lambda n, d: "Friday links",
            lambda n, d: f"{topic.title()} Podcast episode {n}: the {topic} talk",
            lambda n, d: f"Daily digest · {d:%B %d, %Y}",
            lambda n, d: f"{topic.title()} {n // 10}.{n % 10}.1 released",
        )
    )
    step = rng.choice((1, 7))
    greeting = f"Welcome to another {topic} post. Here is what we read and liked, with thanks to all who wrote to us."
    for number in range(first, first + rng.randint(3, 8)):
        links = [_sentence(rng, rng.choice(FIRMS), rng.choice(THINGS)) for _ in range(rng.randint(3, 8))]
        yield _News(next(numbers), form(number, day), "", day, [greeting, " ".join(links), "Until next time!"])
        day += timedelta(days=step)


def _versions(rng: random.Random, news: _News) -> Iterator[Item]:
    """The first telling, and up to five others by rewriters, other feeds and other links."""
    slug = re.sub(r"\W+", "-", news.title.lower()).strip("-")
    first = Item(
        news.story,
        "blog",
        f"https://blog.example/{slug}-{news.story}",
        news.title,
        news.published,
        "\n\n".join(news.body),
    )
    prefixed = rng.random() < 0.5
    yield replace(first, title=rng.choice(PREFIXES) + news.title) if prefixed else first
    if not news.rewritten:
        if rng.random() < 0.3:
            yield _by_tracker(rng, news, first)
        return
    for number in range(rng.choice((0, 0, 1, 2, 3, 4, 5))):
        make = rng.choice(
            (_by_prefix, _by_prefix, _by_prefix, _by_feed, _by_summary, _by_tracker, _by_headline, _by_rewriter)
        )
        made = make(rng, news, first)
        yield replace(made, published=made.published + timedelta(minutes=rng.randint(1, 1500) * (number + 1) // 4))


def _by_prefix(rng: random.Random, news: _News, first: Item) -> Item:
    prefix = rng.choice(PREFIXES)
    slug = re.sub(r"\W+", "-", (prefix + news.title).lower()).strip("-")
    url = f"https://blog.example/{slug}-{news.story}-{rng.randint(1, 10**6)}"
    return replace(first, url=url, title=prefix + news.title, body=_reworded(rng, first.body, 0.06))


def _by_feed(rng: random.Random, news: _News, first: Item) -> Item:
    body = "".join(f"<p>{part}</p>\n" for part in _reworded(rng, first.body, 0.03).split("\n\n"))
    title = news.title + rng.choice(("", *SUFFIXES))
    return replace(
        first, source="feed", url=f"https://feed.example/news/{rng.randint(1, 10**9)}", title=title, body=body
    )


def _by_summary(rng: random.Random, news: _News, first: Item) -> Item:
    """A feed with a teaser only, or with nothing at all."""
    body = rng.choice((news.body[0].split(". ")[0] + ".", "", news.body[0]))
    url = f"https://wire.example/{rng.randint(1, 10**9)}.html"
    return replace(first, source="wire", url=url, title=rng.choice(PREFIXES) + news.title, body=body)


def _by_tracker(rng: random.Random, news: _News, first: Item) -> Item:
    url = first.url.replace("https://", rng.choice(("http://", "https://www."))) + rng.choice(("", "/"))
    tracked = url + rng.choice(TRACKERS).format(n=rng.randint(1, 10**6))
    return replace(first, source="planet", url=tracked, body=rng.choice((first.body, first.body[:300])))


def _by_headline(rng: random.Random, news: _News, first: Item) -> Item:
    url = f"https://blog.example/other-{rng.randint(1, 10**9)}"
    return replace(first, url=url, title=news.rewritten, body=_reworded(rng, first.body, 0.08))


def _by_rewriter(rng: random.Random, news: _News, first: Item) -> Item:
    """Synonyms wherever there are some, another order, a part left out."""
    parts = first.body.split("\n\n")
    if len(parts) > 2:
        parts.pop(rng.randrange(len(parts)))
    rng.shuffle(parts)
    url = f"https://other.example/{rng.randint(1, 10**9)}"
    title = rng.choice(PREFIXES) + news.title
    return replace(first, source="other", url=url, title=title, body=_reworded(rng, "\n\n".join(parts), 0.15))


def _reworded(rng: random.Random, body: str, share: float) -> str:
    """Synonyms for most words that have one, and other small changes in `share` of the rest; names and figures stay."""
    words = body.split(" ")
    for at, word in enumerate(words):
        if word in SYNONYMS and rng.random() < 0.6:
            words[at] = SYNONYMS[word]
        elif word.islower() and word.isalpha() and rng.random() < share:
            words[at] = rng.choice(("", f"{word} indeed", rng.choice(QUALITIES)))
    return re.sub(" +", " ", " ".join(words))


def _body(rng: random.Random, firm: str, thing: str) -> list[str]:
    return [_paragraph(rng, firm, thing) for _ in range(rng.choice((1, 3, 4, 5, 6)))]


def _paragraph(rng: random.Random, firm: str, thing: str) -> str:
    return " ".join(_sentence(rng, firm, thing) for _ in range(rng.randint(2, 4)))


def _sentence(rng: random.Random, firm: str, thing: str) -> str:
    noun, verb, quality = (lambda: rng.choice(NOUNS)), (lambda: rng.choice(VERBS)), (lambda: rng.choice(QUALITIES))
    forms: tuple[Callable[[], str], ...] = (
        lambda: (
            f"{firm} {verb()} the {quality()} {noun()} after the {noun()} in {rng.choice(PLACES)} began to {noun()}."
        ),
        lambda: (
            f"The {quality()} {noun()} of the {thing} was {verb()} by {rng.choice(PEOPLE)}, who {verb()} a {noun()}."
        ),
        lambda: (
            f"About {rng.randint(2, 9000)} {noun()}s were {verb()} because a {quality()} {noun()} {verb()} the {noun()}."
        ),
        lambda: (
            f"{rng.choice(PEOPLE)} {verb()} that the {noun()} and the {noun()} are {quality()}, but the {thing} is not."
        ),
        lambda: (
            f"In {rng.choice(PLACES)} the {noun()} {verb()} every {noun()} while {firm} {verb()} a {quality()} {noun()}."
        ),
        lambda: (
            f"A {quality()} {noun()} would cost {rng.randint(2, 900)} pounds, the {noun()} {verb()} on a {quality()} {noun()}."
        ),
    )
    return rng.choice(forms)()


def _day(rng: random.Random) -> datetime:
    return START + timedelta(minutes=rng.randint(0, 60 * 24 * 90))

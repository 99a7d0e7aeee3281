"""How long an issue takes to be written, by how long the MJML compiler alone takes for the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from unittest import mock

import jinja2
import mjml

from benchmarks.result import Result
from newsletter.domain.digest import Digest, DigestStory
from newsletter.domain.edition import Edition
from newsletter.domain.picture import THUMB, WIDE, Picture
from newsletter.services.drafting import digest_hash
from newsletter.text import render
from newsletter.text.compiling import compile_mjml
from newsletter.text.issue_links import IssueLinks
from newsletter.text.render import Renderer

TEMPLATES = Path(__file__).parent.parent / "templates"
SITE = "https://news.example.org"
STORIES = 20
CALLS = 40  # of either kind, in turn
_EDITION = Edition(
    newsletter="bench",
    key="main",
    name="Bench",
    sender="Bench <hello@example.org>",
    site_name="Bench",
    site_url=SITE,
    postal_address="1 Example Street",
)
_LINKS = IssueLinks(f"{SITE}/archive/bench/1", f"{SITE}/archive/bench", f"{SITE}/subscribe/bench")
_WORDS = "The water that comes and goes twice a day now cools four halls of servers, and its warmth heats a bath. "


def building(_: Path, rounds: int) -> Iterator[Result]:
    """Texts, HTML, linter, compiler and hash of an issue; what a process does once is done before."""
    digest, renderer = _digest(), Renderer(jinja2.FileSystemLoader(TEMPLATES))
    source = _source(renderer, digest)
    ours, bare = [], []
    for _round in range(CALLS * rounds):
        ours.append(_cpu(lambda: _build(renderer, digest)))
        bare.append(_cpu(lambda: mjml.mjml2html(source, fonts={})))
    theirs = median(bare)
    yield Result(f"write an issue of {STORIES} stories", median(ours), "mjml2html of the same", theirs, 10, "ms CPU")


def _build(renderer: Renderer, digest: Digest) -> str:
    made = renderer.digest(digest, _LINKS)
    return digest_hash(made.subject, made.preheader, made.html, made.text)


def _source(renderer: Renderer, digest: Digest) -> str:
    """The MJML of the digest; afterwards the renderer has its templates compiled and read."""
    sources: list[str] = []

    def watched(name: str, source: str) -> str:
        sources.append(source)
        return compile_mjml(name, source)

    with mock.patch.object(render, "compile_mjml", watched):
        renderer.digest(digest, _LINKS)
    return sources[-1]


def _digest() -> Digest:
    lead, *rest = (_story(number) for number in range(STORIES))
    return Digest(_EDITION, 1, datetime(2026, 11, 20, 8, tzinfo=UTC), (replace(lead, long_excerpt=_WORDS * 4), *rest))


def _story(number: int) -> DigestStory:
    pictures = tuple(
        Picture(slot.name, f"{SITE}/media/{number:032x}.jpg", slot.width, slot.height) for slot in (WIDE, THUMB)
    )
    return DigestStory(
        story=number,
        title=f"Story {number} of a harbour town that wires its tide mill to the data hall",
        url=f"https://example.org/stories/{number}",
        published=datetime(2026, 11, 18, 9, tzinfo=UTC),
        source="Harbour Post",
        excerpt=_WORDS * 2,
        category="Energy",
        image_alt="Low water at the tide mill",
        pictures=pictures,
        minutes=4,
    )


def _cpu(call: Callable[[], str]) -> float:
    """Milliseconds of the processor: other programs of a busy machine count less."""
    began = time.process_time()
    call()
    return (time.process_time() - began) * 1000

"""Every email of ours, of every theme, is the same from MJML's own compiler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from unittest import mock

import pytest

from newsletter.domain.digest import Digest
from newsletter.domain.picture import THUMB, WIDE, Picture, PictureSlot
from newsletter.text import render
from newsletter.text.compiling import compile_mjml
from newsletter.text.render import NOTICES
from tests.digests import EDITION, LINKS, SITE, digest, renderer, story
from tests.notice_samples import given
from tests.parity.differences import different
from tests.parity.reference import Reference
from tests.parity.themes import themed

pytestmark = pytest.mark.slow

ARABIC = replace(EDITION, language="ar", name="التقنية بوضوح", tagline="أسبوع التقنية")
GERMAN = replace(EDITION, language="de", siblings=(), tagline="", intro="", postal_address="")
EDITIONS = {"English": EDITION, "Arabic": ARABIC, "German and bare": GERMAN}


@dataclass
class Watched:
    """Stands in for the compiler in render.py: keeps the sources, and what our compiler made of them."""

    made: dict[str, str] = field(default_factory=dict)

    def __call__(self, name: str, source: str) -> str:
        self.made[source] = compile_mjml(name, source)
        return self.made[source]


def digests() -> Iterator[Digest]:
    """Each edition in each theme: many stories with pictures, and one without anything."""
    for edition in EDITIONS.values():
        for each in themed(edition):
            yield digest(*(_pictured(number) for number in range(10)), edition=each)
            yield digest(replace(story(3), image=None, excerpt="", category="", also=()), edition=each)


def _pictured(number: int) -> object:
    return replace(story(number), pictures=(_picture(WIDE), _picture(THUMB)) if number % 2 == 0 else ())


def _picture(slot: PictureSlot) -> Picture:
    return Picture(slot.name, f"{SITE}/media/{slot.name}.jpg", slot.width, slot.height)


@pytest.fixture(scope="module")
def ours() -> Mapping[str, str]:
    """MJML to HTML: every digest, and every notice in each language."""
    watched, made = Watched(), renderer()
    with mock.patch.object(render, "compile_mjml", watched):
        for each in digests():
            made.digest(each, LINKS)
        for edition in EDITIONS.values():
            for kind in NOTICES:
                made.notice(kind, given(kind, edition))
    return watched.made


def test_each_is_the_same_from_both(ours: Mapping[str, str], mjml_of_npm: Reference) -> None:
    theirs = mjml_of_npm.render(list(ours))
    for (source, html), compiled in zip(ours.items(), theirs, strict=True):
        assert compiled.errors == (), source[:400]
        assert different(html, compiled.html) == [], source[:400]

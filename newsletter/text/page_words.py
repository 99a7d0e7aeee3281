"""What web pages say: the phrases of templates/web/words, and the environment in which pages are made of them."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import BaseLoader, Environment, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from newsletter.domain.edition import Edition
from newsletter.text import dates, phrases
from newsletter.text.filters import coded
from newsletter.text.sandbox import WithOriginals

WORDS = "web/words"  # folder of phrases, a file for each language
ORIGINAL = f"!{WORDS}/{phrases.ENGLISH}.txt"  # the package's own, whatever the operator's folder has


class Words:
    """The phrases of a file, as attributes: text, or macros that give markup. What it lacks is said in English."""

    def __init__(self, environment: Environment, file: str) -> None:
        self._environment, self._file = environment, file

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        own = getattr(self._environment.get_template(self._file).module, name, None)
        return getattr(self._environment.get_template(ORIGINAL).module, name) if own is None else own


def speaking(loader: BaseLoader, file: str, language: str) -> ImmutableSandboxedEnvironment:
    """What makes pages in a language, whose phrases are in `file`. Everything in them is a value and escaped."""
    made = ImmutableSandboxedEnvironment(
        loader=WithOriginals(loader), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.globals.update(words=Words(made, file), language=language, direction=dates.direction(language))
    made.filters.update(
        day=partial(day, language=language),
        listed=partial(dates.weekdays, language=language),
        plural=partial(phrases.plural, language=language),
        apart=phrases.apart,
        coded=coded,
        unmarked=unmarked,
    )
    return made


def missing(loader: BaseLoader, file: str) -> list[str]:
    """The phrases that a file lacks. Raises jinja2's TemplateError for one that cannot be read."""
    made = speaking(loader, file, phrases.ENGLISH)
    own, original = (vars(made.get_template(name).module) for name in (file, ORIGINAL))
    return sorted(original.keys() - own.keys())


def plain(phrase: str) -> str:
    """A phrase as a reader sees it: without markup, on one line."""
    return " ".join(unmarked(phrase.unescape() if isinstance(phrase, Markup) else phrase).split())


def unmarked(text: str) -> str:
    """Without the signs that keep names apart: for a title, and for text that is read elsewhere."""
    return phrases.in_text(text, "ltr")


def day(moment: datetime, edition: Edition, language: str) -> str:
    """The date of an instant where the edition's readers are."""
    return dates.unbroken(dates.long_date(moment.astimezone(ZoneInfo(edition.timezone)).date(), language))

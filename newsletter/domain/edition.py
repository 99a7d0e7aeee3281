"""An edition as the services see it: its newsletter's settings with its own laid over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from newsletter.domain.theme import CLASSIC, Theme


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each signal counts when stories are ranked; 0 turns a signal off."""

    fresh: float = 3.0
    sources: float = 2.0
    featured: float = 10.0
    weight: float = 1.0
    picture: float = 0.5
    variety: float = 1.0


class EditionKey(NamedTuple):
    """An edition by the keys that config.yaml gives it: where a subscription belongs."""

    newsletter: str
    edition: str

    def __str__(self) -> str:
        return f"{self.newsletter}/{self.edition}"


@dataclass(frozen=True, slots=True)
class Edition:
    """One newsletter's variant for some of its readers.

    `newsletter` and `key` are the keys of config.yaml; `name` is what readers see. `subject` is a template,
    every other text is a value. `siblings` are (key, name) of the newsletter's other editions. `sections` puts stories
    under their categories; `feedback` asks readers whether the issue was worth their time. `only_source` is the name of
    the newsletter's source where it has no other.
    """

    newsletter: str
    key: str
    name: str
    sender: str
    site_name: str
    site_url: str
    newsletter_name: str = ""
    only_source: str = ""
    reply_to: str | None = None
    subject: str = "{{ lead.title }}"
    tagline: str = ""
    intro: str = ""
    language: str = "en"
    timezone: str = "UTC"
    postal_address: str = ""
    unsubscribe_mailbox: str | None = None
    max_stories: int = 10
    lookback: timedelta = timedelta(days=14)
    categories: tuple[str, ...] = ()
    without_categories: tuple[str, ...] = ()
    weights: Weights = field(default_factory=Weights)
    siblings: tuple[tuple[str, str], ...] = ()
    theme: Theme = CLASSIC
    sections: bool = False
    feedback: bool = True

"""The themes that there are, for tests that look at all of them."""

from __future__ import annotations

from dataclasses import replace

from newsletter.domain.edition import Edition
from newsletter.domain.theme import THEMES, theme


def themed(edition: Edition) -> list[Edition]:
    """The edition in each theme, as the theme is without a word in config.yaml."""
    return [replace(edition, theme=theme(name)) for name in THEMES]

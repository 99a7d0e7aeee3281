"""The themes that there are, for tests that look at all of them."""

from __future__ import annotations

import dataclasses

from newsletter.domain.edition import Edition


def themed(edition: Edition) -> list[Edition]:
    """The edition in each theme."""
    if "theme" not in {field.name for field in dataclasses.fields(Edition)}:
        return [edition]
    from newsletter.domain.theme import THEMES

    return [dataclasses.replace(edition, theme=theme) for theme in THEMES]

"""Rich's markup, without the part of it that makes pictures of a title's `:tada:`."""

from __future__ import annotations

from rich.text import Text


def styled(markup: str) -> Text:
    """The text that is drawn."""
    return Text.from_markup(markup, emoji=False)


def bare(markup: str) -> str:
    """Its letters alone."""
    return styled(markup).plain if "[" in markup else markup

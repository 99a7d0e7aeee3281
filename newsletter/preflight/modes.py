"""The ways in which mail programs paint a message.

No program tells how it darkens what it is given; these are models of what is seen, all with one idea: the lightness of
a colour is turned round (HSL), its hue stays. The first two are exact: the message's own colours.

| mode | the message's own dark rules | what becomes of other colours |
|---|---|---|
| light | none | nothing |
| dark (Apple Mail, Samsung, Outlook on phones) | `prefers-color-scheme: dark` | nothing |
| Outlook's dark mode (Outlook.com, Windows) | `[data-ogsc]`, `[data-ogsb]` | light grounds darken, dark texts lighten |
| Gmail inverts (iOS) | none | all are turned round |
| Gmail darkens (Android) | none | light grounds darken, dark texts lighten |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.preflight.colour import Colour, darkened, inverted, lightened
from newsletter.preflight.css import Rule, media_matches

WIDTH = 600  # of the message, in pixels: the widest that ours are


@dataclass(frozen=True)
class Mode:
    """`text` and `ground` say what a program makes of a colour that no rule for this mode set."""

    name: str
    text: Callable[[Colour], Colour]
    ground: Callable[[Colour], Colour]
    prefers_dark: bool = False
    is_outlook: bool = False

    def follows(self, rule: Rule) -> bool:
        given = {"prefers-color-scheme": "dark" if self.prefers_dark else "light"}
        if rule.for_outlook and not self.is_outlook:
            return False
        return all(name != "media" or media_matches(query, given, WIDTH) for name, query in rule.conditions)


def _as_it_is(colour: Colour) -> Colour:
    return colour


LIGHT = Mode("in light", _as_it_is, _as_it_is)
DARK = Mode("in dark", _as_it_is, _as_it_is, prefers_dark=True)
OUTLOOK = Mode("in Outlook's dark mode", lightened, darkened, is_outlook=True)
INVERTED = Mode("where Gmail inverts", inverted, inverted)
DARKENED = Mode("where Gmail darkens", lightened, darkened)
MODES = (LIGHT, DARK, OUTLOOK, INVERTED, DARKENED)

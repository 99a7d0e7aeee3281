"""How an edition's mails look: one of four themes, with its colours by day and by night, its fonts, its logo.

The defaults hold 4.5:1 for every text on every surface it stands on, by day, by night, and when a mail program
turns the light ones round (tests/domain/test_theme.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from newsletter.domain.colour import WHITE, contrast, mixed, readable

ThemeName = Literal["classic", "brief", "magazine", "letter"]
THEMES: tuple[ThemeName, ...] = get_args(ThemeName)

SANS = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
SERIF = "Georgia,'Times New Roman',serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """Every colour of a mail, as `#rrggbb`. `page` lies below the `card`, `tint` sets a part of the card apart."""

    page: str
    card: str
    tint: str
    ink: str
    muted: str
    link: str
    accent: str
    rule: str

    @property
    def underline(self) -> str:
        """Below headlines: seen, and quieter than their letters."""
        return mixed(self.muted, self.card, 0.7)

    @property
    def on_link(self) -> str:
        """Words on a button."""
        return self._on(self.link)

    @property
    def on_accent(self) -> str:
        return self._on(self.accent)

    def _on(self, colour: str) -> str:
        return max((WHITE, self.page, self.ink), key=lambda words: contrast(words, colour))


DAY = Palette("#f2f1ec", "#ffffff", "#f5f3ee", "#1c1e21", "#595f66", "#0b5c86", "#b3361b", "#d9d6ce")
NIGHT = Palette("#101214", "#1a1d20", "#23272b", "#eceef0", "#aab2ba", "#7fc4ea", "#ff9b82", "#3a4046")


@dataclass(frozen=True, slots=True)
class Theme:
    """`text` and `headings` are CSS font stacks of installed fonts: no mail fetches one.

    `logo` is an address (https:, `cid:`) or, until a build has made a picture of it, the path of a file; "" for none.
    Its width and height are in CSS pixels; nobody may know the height.
    """

    name: ThemeName = "classic"
    light: Palette = DAY
    dark: Palette = NIGHT
    text: str = SANS
    headings: str = SERIF
    logo: str = ""
    logo_alt: str = ""
    logo_width: int = 160
    logo_height: int | None = None

    @property
    def logo_address(self) -> str:
        """The logo as a mail can show it, "" where that is not (yet) so."""
        return self.logo if self.logo.startswith(("https:", "http:", "cid:")) else ""


# Brief is set in one face, a letter in another, and a letter has no card: it is written on the page.
_LETTER_DAY = replace(DAY, page="#fffdf8", card="#fffdf8", tint="#f6f2e8")
_LETTER_NIGHT = replace(NIGHT, page="#16181a", card="#16181a")
CLASSIC = Theme()
_DEFAULTS = {
    "classic": CLASSIC,
    "brief": Theme("brief", headings=SANS),
    "magazine": Theme("magazine"),
    "letter": Theme("letter", _LETTER_DAY, _LETTER_NIGHT, text=SERIF),
}


def theme(name: ThemeName) -> Theme:
    """A theme as it ships."""
    return _DEFAULTS[name]


def painted(plain: Theme, light: Mapping[str, str], dark: Mapping[str, str]) -> Theme:
    """The theme in an operator's colours, by role; what neither names stays as it ships.

    A link or accent colour that is named for day only comes at night too, as light as a dark card needs.
    """
    night = replace(plain.dark, **dark)
    own = {role: readable(light[role], night.tint) for role in ("link", "accent") if role in light and role not in dark}
    return replace(plain, light=replace(plain.light, **light), dark=replace(night, **own))

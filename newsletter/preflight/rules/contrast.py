"""Texts that are hard to read on what is behind them, in light, in dark, and where a mail program darkens by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from newsletter.domain.finding import Finding, warn
from newsletter.preflight.colour import INVISIBLE, Colour, Painter, Pair, contrast, over, readable
from newsletter.preflight.examined import Examined
from newsletter.preflight.modes import DARK, LIGHT, MODES, Mode
from newsletter.preflight.painting import Look, Written, texts
from newsletter.preflight.place import place_of

NEEDED, NEEDED_WHEN_LARGE = 4.5, 3.0  # WCAG 2.2, level AA
_CLASSES = " In a template of yours the class `ink`, `soft`, `link` or `mark` makes it change with the dark."


@dataclass
class _Use:
    """Two colours that meet in a message: where first, and how well they are told apart in each mode that fails."""

    where: Written
    count: int = 0
    failing: dict[Mode, float] = field(default_factory=dict)
    painters: dict[Mode, tuple[Painter, float]] = field(default_factory=dict)


def hard_to_read(examined: Examined) -> Iterator[Finding]:
    """One finding for each pair of colours, as they are written."""
    if not examined.html:
        return
    painting = examined.painting
    uses: dict[tuple[Pair, float], _Use] = {}
    written = list(texts(painting.page))
    for mode in MODES:
        looks = painting.looks(mode)
        for each in written:
            look = looks.get(each.element)
            if look is None or look.shown is None or look.size < 2:
                continue
            need = NEEDED_WHEN_LARGE if look.is_large else NEEDED
            use = uses.setdefault(((look.text, look.ground), need), _Use(each))
            use.count += 1
            ratio = contrast(*_solid(look))
            if ratio < need:
                use.failing[mode] = min(ratio, use.failing.get(mode, ratio))
            use.painters[mode] = (_painter(look, mode), need)
    for (pair, need), use in uses.items():
        if use.failing:
            yield _told(pair, need, use)


def _told(pair: Pair, need: float, use: _Use) -> Finding:
    text, ground = pair
    worst = min(use.failing.values())
    modes = ", ".join(f"{ratio:.1f} {mode.name}" for mode, ratio in use.failing.items())
    verdict = "can hardly be seen" if worst < INVISIBLE else "is hard to read"
    kind = "alternative text" if use.where.instead else "text"
    told = f"{text} on {ground} has a contrast of {modes}; {need:g} is needed"
    reason = f"The {kind} “{use.where.text[:60]}” {verdict}: {told}."
    better = readable((over(text, ground), ground), tuple(use.painters[mode] for mode in use.failing))
    unchanged = DARK in use.failing and LIGHT not in use.failing and not use.where.element.attrib.get("class")
    return warn(place_of(use.where.element), reason, _remedy(pair, better) + (_CLASSES if unchanged else ""))


def _remedy(pair: Pair, better: Pair | None) -> str:
    if better is None:
        return "Choose two colours that differ more in lightness."
    if better[1] == pair[1]:
        return f"Take {better[0]} for the text."
    return f"Take {better[1]} behind it."


def _solid(look: Look) -> Pair:
    assert look.shown
    text, ground = look.shown
    return over(text, ground), ground


def _painter(look: Look, mode: Mode) -> Painter:
    """How a mode paints colours in this place: those that a rule of its own set stay as they are."""
    assert look.shown
    text_stays = look.shown[0] == look.text
    ground_stays = look.shown[1] == look.ground

    def paint(text: Colour, ground: Colour) -> Pair:
        return (text if text_stays else mode.text(text), ground if ground_stays else mode.ground(ground))

    return paint

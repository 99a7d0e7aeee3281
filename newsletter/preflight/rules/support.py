"""What some mail programs do not show."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from newsletter.domain.finding import Finding, warn
from newsletter.preflight.css import inline
from newsletter.preflight.css_features import BEARING, family
from newsletter.preflight.examined import Examined
from newsletter.preflight.features import Use
from newsletter.preflight.place import place_of
from newsletter.preflight.support import ENOUGH, mean

GMAIL_DROPS_AT = 16 * 1024  # bytes of <style>, all blocks together
_HINTS = {"background-color": "bgcolor", "background": "bgcolor", "width": "width", "height": "height"}
_ELSE = "Do without it, or let it improve, from a <style> block, what works without it."
_REMEDIES = {
    "css-display-flex": "Lay it out with a table.",
    "css-display-grid": "Lay it out with a table.",
    "css-position": "Lay it out with a table.",
    "css-float/plain": "Use a table's cells, or the `align` attribute.",
    "css-unit-rem": "Write it in px.",
    "css-variables": "Write the value itself; the template can keep it in one place.",
    "css-rgba": "Write the colour as #rrggbb.",
    "css-rgb": "Write the colour as #rrggbb.",
    "css-margin": "Use the padding of a table cell.",
    "image-svg": "Link to a PNG.",
    "image-webp": "Link to a JPEG or PNG.",
    "image-avif": "Link to a JPEG or PNG.",
    "image-base64": "Link to the picture, or attach it.",
    "html-svg": "Link to a PNG.",
}


def not_everywhere(examined: Examined) -> Iterator[Finding]:
    """What the layout hangs on, and too few readers see."""
    clients = examined.known.clients
    first: dict[str, tuple[Use, Element]] = {}
    for use in examined.features:
        if use.bears and use.where is not None and use.row.score(clients) < ENOUGH:
            first.setdefault(use.row.key, (use, use.where))
    for key, (use, where) in first.items():
        failing = "; ".join(
            f"{how} {names}" for how, names in (("not in", use.row.no), ("only partly in", use.row.partly)) if names
        )
        reason = f"{use.row.title}: {use.row.score(clients):.0f} of 100 readers see it as meant, {failing}."
        yield warn(place_of(where), reason, _REMEDIES.get(key, _ELSE))


def only_in_style_block(examined: Examined) -> Iterator[Finding]:
    """A size or colour that is gone where a program drops <style>, as Gmail does for accounts that are not Google's."""
    told: set[tuple[str, str]] = set()
    for element, matched in examined.painting.matches.items():
        own = {family(each.name) for each in inline(element.get("style", ""))}
        for rule in (each.rule for each in matched):
            if rule.conditions or rule.for_outlook or not any(mark in rule.selector for mark in ".#"):
                continue
            for name in (each.name for each in rule.declarations):
                if (rule.selector, name) not in told and _is_missing(element, name, own):
                    told.add((rule.selector, name))
                    reason = (
                        f"`{name}` of `{rule.selector[:60]}` stands in a <style> block alone; 1 in 4 readers has none."
                    )
                    yield warn(place_of(element), reason, "Write it into the style attribute too.")


def style_too_long(examined: Examined) -> Iterator[Finding]:
    size = sum(len((block.text or "").encode()) for block in examined.page.all("style"))
    if size > GMAIL_DROPS_AT:
        reason = f"The <style> blocks hold {size / 1024:.0f} KB; Gmail drops what comes after 16 KB."
        yield warn("<style>", reason, "Keep only what changes for phones and for dark.")


def score(examined: Examined) -> float:
    """Of the message: the mean of what its layout hangs on, 0 to 100."""
    return mean((use.row for use in examined.features if use.bears), examined.known.clients)


def _is_missing(element: Element, name: str, own: set[str]) -> bool:
    general = family(name)
    if general not in BEARING and name != "color":
        return False
    alike = {general, "background", "background-color"} if general.startswith("background") else {general}
    if general in ("font-size", "line-height"):
        alike.add("font")
    return not (alike & own) and _HINTS.get(general, "-") not in element.attrib

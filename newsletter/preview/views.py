"""The ways in which mail programs show one message, each made from a copy of its HTML. Adding one: a line in VIEWS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.preview.rewriting import at_head, in_scheme, on_root, with_larger_type, without_sheets

# No script, no form, and nothing from elsewhere: pictures of ours only. It may lead elsewhere when it is clicked.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'"
)
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_LARGER = 2
_TURNED = "filter:invert(1) hue-rotate(180deg)"
_INVERTED = f"<style>html{{background:#fff;min-height:100%;{_TURNED}}}img,video{{{_TURNED}}}</style>"
_NO_PICTURES = '<meta http-equiv="Content-Security-Policy" content="img-src \'none\'">'


@dataclass(frozen=True, slots=True)
class View:
    """`who` shows it so, in a sentence; `change` makes the copy."""

    key: str
    name: str
    who: str
    change: Callable[[str], str]

    def copy(self, html: str) -> str:
        """What stands in the frame. Its links open in a window of their own."""
        return at_head(self.change(html), '<base target="_blank">')


def _light(html: str) -> str:
    return at_head(in_scheme(html, "light"), "<style>:root{color-scheme:light!important}</style>")


def _dark(html: str) -> str:
    return at_head(in_scheme(html, "dark"), "<style>:root{color-scheme:dark!important}</style>")


def _outlook(html: str) -> str:
    dark = at_head(in_scheme(html, "light"), "<style>:root{color-scheme:dark!important}</style>")
    return on_root(dark, 'data-ogsc="" data-ogsb=""')


def _inverted(html: str) -> str:
    return at_head(_light(html), _INVERTED)


def _no_pictures(html: str) -> str:
    return at_head(_light(html), _NO_PICTURES)


def _no_sheets(html: str) -> str:
    return at_head(without_sheets(html), "<style>:root{color-scheme:light}</style>")


def _large(html: str) -> str:
    return with_larger_type(_light(html), _LARGER)


VIEWS: tuple[View, ...] = (
    View("light", "As sent", "Most mailboxes, on a light screen.", _light),
    View(
        "dark",
        "Dark",
        "Apple Mail, Samsung Mail, Outlook on phones and the web: the mail’s own dark colours (prefers-color-scheme).",
        _dark,
    ),
    View(
        "outlook",
        "Outlook dark",
        "Outlook.com and its apps mark what they recolour; the mail’s rules for [data-ogsc] and [data-ogsb] answer.",
        _outlook,
    ),
    View(
        "inverted",
        "Inverted",
        "Gmail on an iPhone turns all colours but a picture’s round. This comes near it; strong reds and blues in "
        "pictures, which stay as they are there, look duller here.",
        _inverted,
    ),
    View(
        "no-pictures", "No pictures", "Outlook on a desktop, and everybody who has pictures switched off.", _no_pictures
    ),
    View(
        "no-style",
        "No style sheet",
        "Gmail’s app with an account of another provider drops every <style>; what is left stands in the tags.",
        _no_sheets,
    ),
    View("large", "Text at 200 %", "Readers who set their type large. Nothing may be cut off.", _large),
)


def view(key: str) -> View | None:
    return next((one for one in VIEWS if one.key == key), None)

"""Noughts in paddings get their unit: `0 24px` becomes `0px 24px`.

Both mean the same, but the compiler reckons the widths of what is inside with px alone: in Outlook, columns and
pictures would be as wide as if there were no padding.
"""

from __future__ import annotations

import re

from newsletter.text.mjml_tokens import INSIDE

# What has an inside whose width depends on its padding, and where paddings for these may be said once for all.
RECKONED = ("mj-wrapper", "mj-section", "mj-column", "mj-image", "mj-divider", "mj-carousel")
_PLACES = "|".join((*RECKONED, "mj-all", "mj-class"))
_TAG = re.compile(rf"<(?:{_PLACES})(?=\s){INSIDE}>")
_PADDING = re.compile(r"""(\spadding(-left|-right)?\s*=\s*)("[^"]*"|'[^']*')""")
_NOUGHT = re.compile(r"(?<![^\s\"'])0(?![^\s\"'])")


def with_units(source: str) -> str:
    """Rendered MJML with px behind each 0 that stands beside another number, or says left or right alone."""
    return _TAG.sub(lambda tag: _PADDING.sub(_with_unit, tag[0]), source)


def _with_unit(padding: re.Match[str]) -> str:
    written, side, value = padding.groups()
    return written + (_NOUGHT.sub("0px", value) if side or len(value.split()) > 1 else value)

"""What our compiler and MJML's own make of the same source, as lines of difference."""

from __future__ import annotations

import difflib

import mjml

from newsletter.text.mjml_padding import with_units
from tests.parity.reference import Compiled
from tests.parity.shape import shape


def difference(source: str, theirs: Compiled) -> list[str]:
    """Lines with - of ours, with + of theirs; none where both say the same."""
    try:
        ours = mjml.mjml2html(with_units(source), fonts={})
    except ValueError as error:
        ours = f"our compiler: {error}"
    if not theirs.html:
        return [] if ours.startswith("our compiler") else ["+ their compiler gave up"]
    return different(ours, theirs.html)


def different(ours: str, theirs: str) -> list[str]:
    lines = difflib.unified_diff(shape(ours), shape(theirs), lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]

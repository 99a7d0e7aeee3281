"""What spam filters think, where one is installed."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.domain.finding import Finding, warn
from newsletter.preflight.examined import Examined

_NEAR = 0.6  # of the limit: a sender with a poor name gets the rest from the network


def looks_like_spam(examined: Examined) -> Iterator[Finding]:
    """Asked here and without a network they see the message only, no sender's name and no list of links."""
    for one in examined.known.verdicts:
        if one.score < _NEAR * one.limit:
            continue
        word = "takes this for spam" if one.score >= one.limit else "is not far from taking this for spam"
        told = f": {', '.join(one.reasons[:8])}" if one.reasons else ""
        reason = f"{one.program} {word}, {one.score:g} of {one.limit:g} points{told}."
        yield warn("message", reason, "Look its tests up by their names.")

"""Gaps that nothing fills, and the one that every message needs: the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.finding import Finding, block
from newsletter.preflight.examined import Examined
from newsletter.text.slots import CLOSE, OPEN, SLOTS, used


def unfilled_slot(examined: Examined) -> Iterator[Finding]:
    issue = examined.issue
    for part, source in (("HTML", issue.html), ("text", issue.text)):
        if unknown := used(source) - set(SLOTS):
            reason = f"The {part} part holds a slot that nothing fills: {', '.join(sorted(unknown))}."
            yield block(part, reason, f"Its template may use {', '.join(sorted(SLOTS))}.")
        elif source.count(OPEN) != source.count(CLOSE) or source.count(OPEN) != len(_whole_slots(source)):
            yield block(part, f"The {part} part holds a broken slot.", "Build the issue again.")
    for part, source in (("subject", issue.subject), ("preheader", issue.preheader)):
        if OPEN in source or CLOSE in source:
            reason = f"The {part} holds a slot, but it is the same for all readers."
            yield block(part, reason, "Take the slot out of the template.")


def no_way_out(examined: Examined) -> Iterator[Finding]:
    for part, source in (("HTML", examined.issue.html), ("text", examined.issue.text)):
        if source.strip() and "unsubscribe_url" not in used(source):
            remedy = "Put {{ slot('unsubscribe_url') }} into its template."
            yield block(part, f"The {part} part has no unsubscribe link.", remedy)


def _whole_slots(source: str) -> list[str]:
    return re.findall(f"{OPEN}[a-z_]+{CLOSE}", source)

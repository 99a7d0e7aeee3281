"""One rule at a time, over the sample issue with something changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from newsletter.domain.edition import Edition
from newsletter.domain.finding import Finding
from newsletter.domain.issue import Issue
from newsletter.preflight.examined import Examined
from newsletter.preflight.known import Known
from newsletter.services.preflight import examine
from newsletter.text.message import issue_headers
from newsletter.text.slots import slot
from tests.digests import DATE, EDITION, READER
from tests.digests import issue as sample

Rule = Callable[[Examined], Iterator[Finding]]
WAY_OUT = f'<p><a href="{slot("unsubscribe_url")}">Unsubscribe</a></p>'


@cache
def issue() -> Issue:
    return sample()


def examined(edition: Edition = EDITION, known: Known | None = None, **changed: object) -> Examined:
    """The sample with `changed` fields of the issue; an `html` gets its way out added."""
    if "html" in changed:
        changed["html"] = f"<html><body>{changed['html']}{WAY_OUT}</body></html>"
    made = examine(replace(issue(), **changed), edition, issue_headers(edition, 12, DATE), READER)
    return replace(made, known=known or Known())


def rewritten(old: bytes, new: bytes) -> Examined:
    """The sample's message with a piece of it exchanged."""
    made = examined()
    assert old in made.raw
    return replace(made, raw=made.raw.replace(old, new, 1))


def said(rule: Rule, what: Examined) -> str:
    """Level and reason of all that the rule finds, "" for nothing."""
    return " / ".join(f"{finding.level.value}: {finding.reason}" for finding in rule(what))

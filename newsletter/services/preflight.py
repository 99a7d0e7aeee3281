"""Checks an issue before it may be sent, on the message as a reader gets it."""

from __future__ import annotations

from dataclasses import replace

from newsletter.domain.edition import Edition
from newsletter.domain.finding import Finding, warn
from newsletter.domain.issue import Issue
from newsletter.domain.subscriber import Reader
from newsletter.errors import NewsletterError
from newsletter.preflight.examined import Examined
from newsletter.preflight.rules import RULES, Rule
from newsletter.text.message import Content, Headers, compile_message

FAULT = "preflight"  # the place of what is told of a rule instead of the message


def judge(examined: Examined) -> list[Finding]:
    """All findings, blocking ones first."""
    found = [replace(finding, rule=rule.__name__) for rule in RULES for finding in _said(rule, examined)]
    return sorted(found, key=lambda finding: not finding.blocks)


def _said(rule: Rule, examined: Examined) -> list[Finding]:
    """A rule with a fault of its own keeps no issue from leaving; it is told, and the others go on."""
    try:
        return list(rule(examined))
    except Exception as error:
        reason = f"The rule {rule.__name__} failed: {type(error).__name__}: {error}."
        return [warn(FAULT, reason, "Please report it; the message may be fine.")]


def examine(
    issue: Issue, edition: Edition, headers: Headers, reader: Reader, pictures: tuple[tuple[str, bytes], ...] = ()
) -> Examined:
    """The message as `reader` gets it: anyone with links of the usual length. `pictures` travel with it."""
    content = Content(issue.subject, issue.html, issue.text, pictures)
    try:
        raw = b"".join(compile_message(content, headers).fill(reader))
    except AttributeError:  # a slot that no reader has: `unfilled_slot` tells
        return Examined(issue, edition, b"")
    except (NewsletterError, ValueError) as error:
        return Examined(issue, edition, b"", str(error))
    return Examined(issue, edition, raw)

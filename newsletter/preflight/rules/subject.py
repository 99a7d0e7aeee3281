"""What an inbox shows of a message: its subject, and the preheader after it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.finding import Finding, warn
from newsletter.preflight.examined import Examined
from newsletter.text.plain import one_line
from newsletter.text.preheader import FILLER

MOST_SUBJECT = 70  # characters; phones show 30 to 50, desks about 70
LEAST_PREHEADER, MOST_PREHEADER = 40, 100
_MOST_CAPITALS = 0.6  # of the letters, in a subject of some length
_LEAST_LETTERS = 12  # fewer may be an acronym or two
_PLACEHOLDER = re.compile(
    r"lorem ipsum|\b(?-i:TODO|FIXME|TBD)\b|\{\{|\}\}|\{%|%%\w*%?%?|\*\|\w+\|\*|\[(?:preview|test|draft)\]"
    r"|\[(?:subject|title|insert[^\]]*|your [^\]]*)\]|^(?:a )?(?:test|testing|untitled|subject|placeholder|hello world)"
    r"(?: (?:mail|e-?mail|message|issue|newsletter|\d+))*[.!]*$",
    re.IGNORECASE,
)
_FILLER = re.compile(f"[{FILLER}]+")


def long_subject(examined: Examined) -> Iterator[Finding]:
    if (length := len(examined.issue.subject)) > MOST_SUBJECT:
        reason = f"The subject has {length} characters; an inbox shows 50 to {MOST_SUBJECT}."
        yield warn(
            "subject", reason, "Write a shorter `subject` in config.yaml, or a shorter title for the lead story."
        )


def shouting(examined: Examined) -> Iterator[Finding]:
    subject = examined.issue.subject
    letters = [char for char in subject if char.isupper() or char.islower()]
    capitals = sum(char.isupper() for char in letters)
    if len(letters) >= _LEAST_LETTERS and capitals / len(letters) > _MOST_CAPITALS:
        yield warn(
            "subject", f"The subject shouts: {capitals} of its {len(letters)} letters are capitals.", "Use small ones."
        )
    if found := re.search(r"[!?！？]{2,}|\${2,}|(?:![^!]*){3,}", subject):
        yield warn("subject", f"The subject shouts: “{found[0][:20]}”.", "One sign is enough; spam filters count them.")


def placeholder(examined: Examined) -> Iterator[Finding]:
    if found := _PLACEHOLDER.search(examined.issue.subject):
        yield warn("subject", f"The subject looks unfinished: “{found[0][:40]}”.", "Was something else meant?")


def same_subject(examined: Examined) -> Iterator[Finding]:
    subject, former = one_line(examined.issue.subject), one_line(examined.known.former_subject)
    if former and subject.casefold() == former.casefold():
        yield warn(
            "subject", "The issue before had the same subject.", "Readers will take it for the same mail; change it."
        )


def preheader_length(examined: Examined) -> Iterator[Finding]:
    """Filling that nobody sees does not count."""
    length = len(_bare(examined.issue.preheader))
    if not length:
        reason = "There is no preheader: an inbox shows the first words of the body after the subject."
        yield warn("preheader", reason, "It is made of the other stories' titles; this issue has too few words.")
    elif length < LEAST_PREHEADER:
        reason = f"The preheader has {length} characters; from {LEAST_PREHEADER} on it fills its place in an inbox."
        yield warn("preheader", reason, "Posts with an excerpt make it longer.")
    elif length > MOST_PREHEADER:
        reason = f"The preheader has {length} characters; an inbox shows {MOST_PREHEADER} at most."
        yield warn("preheader", reason, "Shorten it.")


def preheader_repeats(examined: Examined) -> Iterator[Finding]:
    preheader = _bare(examined.issue.preheader).casefold()
    subject = _bare(examined.issue.subject).casefold()
    if not preheader:
        return
    if subject and preheader.startswith(subject[: max(len(subject) - 1, 1)]):
        yield warn("preheader", "The preheader repeats the subject.", "Let it say something new.")
    elif (said := _first_words(examined, preheader)).startswith(preheader[:LEAST_PREHEADER]) and said:
        yield warn("preheader", "The preheader repeats the first words of the body.", "Let it say something new.")


def _first_words(examined: Examined, preheader: str) -> str:
    """What the body says after the preheader, which stands in it first and hidden."""
    return _bare(examined.page.said).casefold().removeprefix(preheader).lstrip()


def _bare(text: str) -> str:
    return one_line(_FILLER.sub(" ", text))

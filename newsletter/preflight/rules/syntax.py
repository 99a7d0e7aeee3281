"""Template syntax that a reader would see."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.finding import Finding, warn
from newsletter.preflight.examined import Examined

_SYNTAX = re.compile(
    r"\{\{[^}<&\n]{0,60}(?:\}\})?|\{%[^%<&\n]{0,60}(?:%\})?|<mj-[a-z]+|\*\|[A-Z][A-Z0-9_:]*\|\*|%%[A-Za-z_]+%%"
)


def template_syntax(examined: Examined) -> Iterator[Finding]:
    """Ours, and what other programs fill in (*|FNAME|*, %%name%%). A post may speak of templates: it never blocks.

    What stands in a story's own title was meant as it is.
    """
    issue = examined.issue
    meant = {written for story in issue.stories for written in _SYNTAX.findall(story.title)}
    for part, source in (("subject", issue.subject), ("HTML part", issue.html), ("text part", issue.text)):
        if found := next((one for one in _SYNTAX.findall(source) if one not in meant), None):
            reason = f"The {part} holds what looks like template syntax: {found[:60]}."
            yield warn(part.removesuffix(" part"), reason, "Was a value meant?")

"""Template syntax that a reader would see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from newsletter.domain.finding import Finding, warn
from newsletter.preflight.examined import Examined

_REFERENCE = r"&(?!lt;)(?:#?\w{1,8};)?"  # a quote within the braces, as HTML writes it; a < ends them there as anywhere
_SYNTAX = re.compile(
    rf"\{{\{{(?:[^}}<&\n]|{_REFERENCE}){{0,60}}(?:\}}\}})?|\{{%(?:[^%<&\n]|{_REFERENCE}){{0,60}}(?:%\}})?"
    r"|<mj-[a-z]+|\*\|[A-Z][A-Z0-9_:]*\|\*|%%[A-Za-z_]+%%"
)


def template_syntax(examined: Examined) -> Iterator[Finding]:
    """Ours, and what other programs fill in (*|FNAME|*, %%name%%). A post may speak of templates: it never blocks.

    What stands in a story's own title was meant as it is.
    """
    issue = examined.issue
    meant = {written for story in issue.stories for written in _SYNTAX.findall(story.title)}
    html = [unescape(written) for written in _SYNTAX.findall(issue.html)]
    subject, text = _SYNTAX.findall(issue.subject), _SYNTAX.findall(issue.text)
    for part, written in (("subject", subject), ("HTML part", html), ("text part", text)):
        if found := next((one for one in written if one not in meant), None):
            reason = f"The {part} holds what looks like template syntax: {found[:60]}."
            yield warn(part.removesuffix(" part"), reason, "Was a value meant?")

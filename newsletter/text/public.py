"""An issue as everybody may read it on the web: without what is for the one reader whom the mail was for."""

from __future__ import annotations

import re

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_YOURS = re.compile(r"<!--you-->.*?<!--/you-->", re.DOTALL)  # the templates write both; a post cannot, it is escaped


def for_everybody(html: str) -> str:
    """Without what stands between the marks of the templates; an issue that has none stays as it is."""
    return _YOURS.sub("", html)


def on_top(html: str, bar: str) -> str:
    """The page with `bar` before all that its body holds."""
    return _BODY.sub(lambda body: body[0] + bar, html, count=1)

"""A post's passages of prose, in order and lazily: an excerpt needs but the first few.

Headings, code, tables, pictures with their captions, footnotes and tables of contents are no prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.post import Markup, Post
from newsletter.text.html_passages import html_passages
from newsletter.text.markdown_passages import markdown_passages
from newsletter.text.passage import Kind, Passage
from newsletter.text.plain import flowing

_PARAGRAPH_END = re.compile(r"\n[ \t]*\n")


def passages(post: Post) -> Iterator[Passage]:
    """Every passage of the post's body."""
    if post.markup is Markup.MARKDOWN:
        yield from markdown_passages(post.body)
    elif post.markup is Markup.HTML:
        yield from html_passages(post.body)
    else:
        for part in _PARAGRAPH_END.split(post.body):
            if text := flowing(part):
                yield Passage(Kind.PARAGRAPH, text)

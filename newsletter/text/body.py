"""A post's whole body, as HTML that may be shown anywhere."""

from __future__ import annotations

from html import escape

from newsletter.domain.post import Markup, Post
from newsletter.text.html import clean
from newsletter.text.markdown import to_html


def body_html(post: Post) -> str:
    """The body rendered and cleaned: links and pictures absolute, no script, no style, nothing private."""
    if post.markup is Markup.MARKDOWN:
        rendered = to_html(post.body)
    elif post.markup is Markup.HTML:
        rendered = post.body
    else:
        rendered = "\n".join(f"<p>{escape(part.strip())}</p>" for part in post.body.split("\n\n") if part.strip())
    return clean(rendered, post.url)

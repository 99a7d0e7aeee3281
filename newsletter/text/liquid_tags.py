"""Jekyll's own Liquid tags, and what becomes of tags that nobody knows."""

from __future__ import annotations

import html
import re
from typing import Any, TextIO

from liquid import RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.output import Output
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_ILLEGAL, TOKEN_OUTPUT, TOKEN_TAG, Token

SCOPE = "\0scope"  # no template can name it
VANISHING = ("include_relative", "include_cached")
_TAG = re.compile(r"\{%[^\n]*?%\}|\{%")
_MADE_BY_THAT = re.compile(r"(?<!\{)\{+%")  # an opener of what stood around a tag that was taken out
_CLOSERS = re.compile(r"end\w+|else|elsif|when")


def code_block(language: str, code: str) -> str:
    """What Jekyll's highlighter makes, without the colours; blank lines stay inside."""
    name = html.escape(language.strip().lower())
    shown = html.escape(code.strip("\r\n"), quote=False)
    return (
        f'\n<figure class="highlight"><pre><code class="language-{name}" data-lang="{name}">'
        f"{shown}</code></pre></figure>\n"
    )


def without_tags(text: str) -> str:
    return _MADE_BY_THAT.sub("%", _TAG.sub("", text)) if "{%" in text else text


class _Highlight(Tag):
    name, end = "highlight", "endhighlight"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        language = "text"
        if stream.current.kind == TOKEN_EXPRESSION:
            language = next(stream).value.split()[0]
        block = get_parser(self.env).parse_block(stream, (self.end,))
        stream.expect(TOKEN_TAG, value=self.end)
        return _HighlightNode(token, language, block)


class _HighlightNode(Node):
    __slots__ = ("block", "language")

    def __init__(self, token: Token, language: str, block: BlockNode) -> None:
        super().__init__(token)
        self.language, self.block, self.blank = language, block, False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        inside = context.get_buffer(buffer)
        self.block.render(context, inside)
        return buffer.write(code_block(self.language, inside.getvalue()))


class _Leads(Tag):
    """{% post_url %} and {% link %}: an address, or nothing with a warning."""

    block = False

    def parse(self, stream: TokenStream) -> Node:
        return _LeadsNode(stream.expect(TOKEN_TAG), _expression(stream))


class _PostUrl(_Leads):
    name = "post_url"


class _Link(_Leads):
    name = "link"


class _LeadsNode(Node):
    __slots__ = ("asked",)

    def __init__(self, token: Token, asked: str) -> None:
        super().__init__(token)
        self.asked, self.blank = asked.strip(), False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        scope: Any = context.globals[SCOPE]
        asked = self.asked
        if "{{" in asked:
            asked = context.env.from_string(asked).render(context.globals)
        path = scope.post(asked) if self.token.value == "post_url" else scope.file(asked)
        if path is None:
            scope.warn(f"{{% {self.token.value} {asked} %}} leads nowhere; it was left out")
            return 0
        return buffer.write(scope.baseurl + path)


class _Unknown(Tag):
    """A plugin's tag, or one that would read a file."""

    name, block = TOKEN_ILLEGAL, False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.expect(TOKEN_TAG)
        _expression(stream)
        return _UnknownNode(token)


class _UnknownNode(Node):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        if not _CLOSERS.fullmatch(self.token.value):
            scope: Any = context.globals[SCOPE]
            scope.warn(f"{{% {self.token.value} %}} is not done here; it was left out")
        return 0


class _Output(Output):
    """{{ … }}: a variable or a literal with filters is resolved, anything else is somebody's text."""

    def parse(self, stream: TokenStream) -> Any:
        token = stream.current
        inside = stream.peek.value if stream.peek.kind == TOKEN_EXPRESSION else ""
        if _LOOKUP.match(inside):
            return super().parse(stream)
        stream.eat(TOKEN_OUTPUT)
        return ContentNode(token, without_tags(token.value))


_LOOKUP = re.compile(
    r"""\s*(?:"[^"]*"|'[^']*'|-?\d+(?:\.\d+)?|[A-Za-z_][\w-]*\??(?:\.[\w-]+\??|\[[^\[\]]*\])*)\s*(?:\||\Z)"""
)


def _expression(stream: TokenStream) -> str:
    """Moves on to the tag's expression, if it has one, and leaves the stream there."""
    if stream.peek.kind != TOKEN_EXPRESSION:
        return ""
    next(stream)
    return str(stream.current.value)


TAGS: dict[str, type[Tag]] = {
    "highlight": _Highlight,
    "post_url": _PostUrl,
    "link": _Link,
    TOKEN_ILLEGAL: _Unknown,
    TOKEN_OUTPUT: _Output,
}

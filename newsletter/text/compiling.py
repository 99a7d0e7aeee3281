"""From MJML to HTML, around the compiler's rough edges.

mrml writes attribute values the way Rust prints strings for programmers: a backslash comes out doubled, a joiner
inside an emoji as `\\u{200d}`, a quote with a backslash before it. So attributes go in as plain ASCII with character
references, and come back after, but for quotes.
"""

from __future__ import annotations

import re

import mjml

from newsletter.errors import TemplateError
from newsletter.text.mjml_components import VOID
from newsletter.text.mjml_lint import DEPTH
from newsletter.text.mjml_padding import with_units
from newsletter.text.mjml_tokens import INSIDE
from newsletter.text.plain import one_line

_TITLE = re.compile(r"<mj-title>.*?</mj-title>", re.DOTALL)  # the compiler copies it into an aria-label
_UNSAFE = re.compile(r"[^\x20-\x7e]|\\")
# A tag in which more stands than plain ASCII between double quotes.
_RISKY = r"\\\x00-\x1f\x7f-\U0010ffff"
_PLAIN = rf"""[^<>"'{_RISKY}]*(?:"[^"{_RISKY}]*"[^<>"'{_RISKY}]*)*>"""
_RISKY_TAG = re.compile(f"<[A-Za-z](?!{_PLAIN}){INSIDE}>")
_OPEN_OR_END = re.compile(rf"<(?:(?P<end>/)|(?!(?i:{'|'.join(sorted(VOID))})\b))[A-Za-z]{INSIDE}(?<!/)>")
_TOO_DEEP = "its elements stand too deep inside each other. Look for a macro that calls itself."
_SINGLE = re.compile(r"'[^']*'|\"[^\"]*\"")
_REFERENCE = re.compile(r"&#(92|[1-9]\d{2,6});")


def compile_mjml(name: str, source: str) -> str:
    """The HTML of rendered MJML; `name` is the template to blame in a TemplateError. It fetches no font."""
    guarded = _guarded(name, with_units(source))
    try:
        compiled: str = mjml.mjml2html(guarded, fonts={})
    except ValueError as error:
        raise TemplateError(name, f"MJML cannot read what it writes: {error}{_near(source, str(error))}.") from None
    html = _REFERENCE.sub(_restored, compiled)
    return html if "<pre" in html else re.sub(r"\n\s+", "\n", html)


def _guarded(name: str, source: str) -> str:
    """What the compiler would write otherwise than it stands is safe, in tags and in the title."""
    _check_depth(name, source)
    titled = _TITLE.sub(lambda found: _referenced(found[0]).replace('"', "&#34;"), source, count=1)
    return _RISKY_TAG.sub(lambda tag: _referenced(_quoted(tag[0])), titled)


def _check_depth(name: str, source: str) -> None:
    """Raises TemplateError where elements stand deeper inside each other than the compiler's stack is high."""
    depth = 0
    for end, _ in _OPEN_OR_END.findall(source):
        depth += -1 if end else 1
        if depth > DEPTH:
            raise TemplateError(name, _TOO_DEEP)


def _quoted(tag: str) -> str:
    """Double quotes within single ones as references: the compiler writes all values between double ones."""
    if "'" not in tag:
        return tag
    return _SINGLE.sub(lambda found: found[0].replace('"', "&#34;") if found[0][0] == "'" else found[0], tag)


def _referenced(text: str) -> str:
    return _UNSAFE.sub(lambda found: " " if found[0] in "\t\r\n" else f"&#{ord(found[0])};", text)


def _restored(found: re.Match[str]) -> str:
    code = int(found[1])
    return chr(code) if code == 92 or 0xA0 <= code <= 0x10FFFF else found[0]


def _near(source: str, error: str) -> str:
    """The rendered words at the byte that the compiler complains about."""
    found = re.search(r"position (\d+)", error)
    if not found:
        return ""
    start = int(found[1])
    return f", near `{one_line(source.encode()[start : start + 60].decode('utf-8', 'ignore'))}`"

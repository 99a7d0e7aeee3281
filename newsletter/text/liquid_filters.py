"""Jekyll's own Liquid filters, as far as a post's text needs them."""

from __future__ import annotations

import html
import json
import re
from calendar import month_abbr, month_name
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from liquid import RenderContext
from liquid.filter import with_context

from newsletter.text import ruby
from newsletter.text.liquid_tags import SCOPE

MOST = 2_000_000  # characters that one filter may make


def _text(value: object) -> str:
    return value if isinstance(value, str) else ruby.text(value)


@with_context
def relative_url(value: object, *, context: RenderContext) -> object:
    """Below the site's baseurl, unless it is absolute already."""
    if value is None:
        return None
    address = _text(value)
    if _is_absolute(address):
        return address
    scope: Any = context.globals[SCOPE]
    return _encoded(scope.baseurl + (address if not address or address.startswith("/") else f"/{address}"))


@with_context
def absolute_url(value: object, *, context: RenderContext) -> object:
    if value is None:
        return None
    address = _text(value)
    if _is_absolute(address):
        return address
    scope: Any = context.globals[SCOPE]
    return str(scope.url) + str(relative_url(address, context=context))


def _is_absolute(address: str) -> bool:
    try:
        return bool(urlsplit(address).scheme)
    except ValueError:
        return True


def _encoded(address: str) -> str:
    return quote(address, safe="%!$&'()*+,;=:@/~?#[]")


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(_text(value)).replace(tzinfo=UTC)
    except ValueError:
        return None


def _date(shape: Callable[[datetime], str]) -> Callable[..., object]:
    def show(value: object, *_style: object) -> object:
        moment = _moment(value)
        return shape(moment) if moment else value

    return show


def _replace(value: object, old: object, new: object = "") -> str:
    text, before, after = _text(value), _text(old), _text(new)
    if len(text) + text.count(before) * len(after) > MOST:
        raise ValueError("a filter makes too much text")
    return text.replace(before, after)


def _join(value: object, separator: object = " ") -> str:
    items = [_text(each) for each in value] if isinstance(value, (list, tuple, range)) else [_text(value)]
    between = _text(separator)
    if sum(map(len, items)) + len(items) * len(between) > MOST:
        raise ValueError("a filter makes too much text")
    return between.join(items)


def _words(value: object) -> int:
    return len(_text(value).split())


def _sentence(value: object, connector: object = "and") -> object:
    items = [_text(each) for each in value] if isinstance(value, (list, tuple)) else [_text(value)]
    if len(items) < 2:
        return "".join(items)
    if len(items) == 2:
        return f"{items[0]} {_text(connector)} {items[1]}"
    return f"{', '.join(items[:-1])}, {_text(connector)} {items[-1]}"


_MOST_RENDERED = 4_000  # characters: a notice, not an article, and a loop may ask for it many times


def _markdownify(value: object) -> str:
    """HTML, for the result often stands inside of HTML; a lone paragraph without its tags."""
    from newsletter.text.markdown import to_html  # takes a while to load, and few sites ask for it

    text = _text(value)
    if len(text) > _MOST_RENDERED:
        return text
    rendered = to_html(text).strip()
    alone = rendered.startswith("<p>") and rendered.endswith("</p>") and rendered.count("<p>") == 1
    return rendered[3:-4] if alone else rendered


def _slugify(value: object, _mode: object = "") -> str:
    return re.sub(r"[\W_]+", "-", ruby.downcase(_text(value))).strip("-")


def _same(value: object, *_arguments: object) -> object:
    """For what only changes how the text is set: the text itself."""
    return value


FILTERS: dict[str, Callable[..., Any]] = {
    "relative_url": relative_url,
    "absolute_url": absolute_url,
    "strip_index": lambda value: re.sub(r"/index\.html?\Z", "/", _text(value)),
    "date_to_string": _date(lambda moment: f"{moment.day:02} {month_abbr[moment.month]} {moment.year:04}"),
    "date_to_long_string": _date(lambda moment: f"{moment.day:02} {month_name[moment.month]} {moment.year:04}"),
    "date_to_xmlschema": _date(lambda moment: moment.isoformat(timespec="seconds")),
    "date_to_rfc822": _date(format_datetime),
    "replace": _replace,
    "join": _join,
    "xml_escape": lambda value: html.escape(_text(value)),
    "cgi_escape": lambda value: quote_plus(_text(value)),
    "uri_escape": lambda value: _encoded(_text(value)),
    "number_of_words": _words,
    "array_to_sentence_string": _sentence,
    "jsonify": lambda value: json.dumps(value, ensure_ascii=False, default=_text),
    "slugify": _slugify,
    "normalize_whitespace": lambda value: " ".join(_text(value).split()),
    "markdownify": _markdownify,
    "smartify": _same,
    "inspect": lambda value: ruby.inspect(value),
}

"""The address that Jekyll gives a post: permalink styles, their variables, and how a word becomes part of a URL."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from newsletter.text import ruby

STYLES = {
    "none": "/:categories/:title:output_ext",
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(slots=True)
class PostFacts:
    """All that a post's address is made from. `date` is local to the site; `path` is without its extension."""

    date: datetime
    slug: str
    basename: str
    categories: tuple[Any, ...]
    path: str
    output_ext: str


def address(template: str, facts: PostFacts) -> str:
    """The URL's path, beginning with /. Raises ValueError for a variable that Jekyll does not have."""
    pieces = ["/"]
    for variable, text in _compiled(template):
        if variable:
            value = variable(facts)
            pieces.append(value if _PLAIN.match(value) else quote(value, safe="!$&'()*+,;=:@/~?"))
        pieces.append(text)
    url = "".join(pieces)
    if "./" in url or ".." in url:
        url = url.replace("..", "/").replace("./", "")
    return _SLASHES.sub("/", url) if "//" in url else url


_VARIABLE = re.compile(r":([a-z_]+)")
_PLAIN = re.compile(r"[a-zA-Z0-9./-]*\Z")
_SLASHES = re.compile(r"/{2,}")
_Variable = Callable[[PostFacts], str]


@lru_cache(maxsize=256)  # a site has one template, and some posts their own
def _compiled(template: str) -> tuple[tuple[_Variable | None, str], ...]:
    """What to put, and the text that follows it."""
    names = _VARIABLE.split(template)
    pieces: list[tuple[_Variable | None, str]] = [(None, names[0])]
    for name, text in zip(names[1::2], names[2::2], strict=True):
        if name not in _VARIABLES and name.removesuffix("_") in _VARIABLES:
            name, text = name.removesuffix("_"), f"_{text}"  # `:month_:day`
        if name not in _VARIABLES:
            raise ValueError(f"Jekyll has no permalink variable `:{name}`")
        pieces.append((_VARIABLES[name], text))
    return tuple(pieces)


_VARIABLES: dict[str, _Variable] = {
    "title": lambda facts: slugify(facts.slug, pretty=True),
    "slug": lambda facts: ruby.downcase(slugify(facts.slug)),
    "name": lambda facts: ruby.downcase(slugify(facts.basename)),
    "categories": lambda facts: "/".join(dict.fromkeys(ruby.downcase(ruby.text(each)) for each in facts.categories)),
    "slugified_categories": lambda facts: "/".join(
        dict.fromkeys(ruby.downcase(slugify(ruby.text(each))) for each in facts.categories)
    ),
    "path": lambda facts: facts.path,
    "collection": lambda facts: "posts",
    "output_ext": lambda facts: facts.output_ext,
    "year": lambda facts: f"{facts.date.year:04}",
    "short_year": lambda facts: f"{facts.date.year % 100:02}",
    "month": lambda facts: f"{facts.date.month:02}",
    "i_month": lambda facts: str(facts.date.month),
    "short_month": lambda facts: _MONTHS[facts.date.month - 1][:3],
    "long_month": lambda facts: _MONTHS[facts.date.month - 1],
    "day": lambda facts: f"{facts.date.day:02}",
    "i_day": lambda facts: str(facts.date.day),
    "y_day": lambda facts: f"{facts.date.timetuple().tm_yday:03}",
    "w_year": lambda facts: f"{facts.date.isocalendar().year:04}",
    "week": lambda facts: f"{facts.date.isocalendar().week:02}",
    "w_day": lambda facts: str(facts.date.isoweekday()),
    "short_day": lambda facts: _DAYS[facts.date.weekday()][:3],
    "long_day": lambda facts: _DAYS[facts.date.weekday()],
    "hour": lambda facts: f"{facts.date.hour:02}",
    "minute": lambda facts: f"{facts.date.minute:02}",
    "second": lambda facts: f"{facts.date.second:02}",
}

_DEFAULT = re.compile(r"[^A-Za-z0-9]+")
_PRETTY = re.compile(r"[^A-Za-z0-9._~!$&'()+,;=@]+")


def slugify(word: str, *, pretty: bool = False) -> str:
    """Runs of what is no letter, mark or digit become a hyphen; `pretty` keeps ._~!$&'()+,;=@ too."""
    pattern = _PRETTY if pretty else _DEFAULT
    if word.isascii():
        return _trim(pattern.sub("-", word))
    masked = "".join(char if char < "\x80" else "x" if _is_word(char) else " " for char in word)
    pieces, position = [], 0
    for found in pattern.finditer(masked):
        pieces += [word[position : found.start()], "-"]
        position = found.end()
    return _trim("".join([*pieces, word[position:]]))


def _is_word(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "LM" or category == "Nd"


def _trim(slug: str) -> str:
    """One hyphen at each end, not all: Jekyll's rule."""
    return slug.removeprefix("-").removesuffix("-") if len(slug) > 1 else slug.removeprefix("-")

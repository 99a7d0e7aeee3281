"""A post's file, split into its front matter and its body as Jekyll splits it.

python-frontmatter does the work; this room mends what it does to real posts: it drops metadata behind a byte-order
mark and under a `...` fence, takes `----` for a fence, strips the first line's indentation, and reads YAML's
scalars unlike Ruby (see `psych`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import frontmatter
from frontmatter.default_handlers import YAMLHandler

from newsletter.text import psych

MOST = 64 * 1024  # characters of front matter; nobody writes more by hand

_OPENS = re.compile(r"---\s*\n", re.ASCII)
_CLOSES = re.compile(r"^(?:---|\.\.\.)\s*$\n?", re.ASCII | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """`values` are what stands between the fences (empty without them), `body` is the rest, untouched."""

    values: dict[Any, Any]
    body: str


def parse(text: str) -> FrontMatter:
    """Raises psych.YamlError (with a line of `text`) when what stands between the fences cannot be used."""
    fences = _fences(text)
    if fences is None:
        return FrontMatter({}, text)
    values, _ = frontmatter.parse(text, handler=_Handler(text[: fences[0]]))
    return FrontMatter(values, text[fences[1] :])


def _fences(text: str) -> tuple[int, int] | None:
    """Where the closing fence begins and ends; None when there is no front matter."""
    opening = _OPENS.match(text)
    if not opening:
        return None
    closing = _CLOSES.search(text, opening.end())
    if not closing:
        return None
    if closing.start() > MOST:
        raise psych.YamlError(f"the front matter is longer than {MOST // 1024} KB; is its closing --- missing?")
    return closing.start(), closing.end()


class _Handler(YAMLHandler):
    """python-frontmatter's handler with Jekyll's fences and Ruby's YAML."""

    def __init__(self, yaml: str) -> None:
        # With its opening fence: to YAML it is a document's start, and lines count as in the file.
        self.yaml = yaml

    def split(self, text: str) -> tuple[str, str]:
        return self.yaml, ""

    def load(self, fm: str, **kwargs: object) -> dict[Any, Any]:
        values = psych.load(fm)
        if values is None or values is False:
            return {}
        if not isinstance(values, dict):
            raise psych.YamlError("the front matter holds no `key: value` lines", 2)
        return values

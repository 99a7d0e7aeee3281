"""Liquid's harmless part, as posts of a Jekyll site use it: no file is read, nothing runs without a limit.

What a template cannot do here vanishes with a warning; no tag ever reaches a reader as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from liquid import Environment, Mode
from liquid.exceptions import LiquidError

from newsletter.text.liquid_filters import FILTERS
from newsletter.text.liquid_limits import bounded
from newsletter.text.liquid_tags import SCOPE, TAGS, VANISHING, code_block, without_tags

MOST_OUTPUT = 2_000_000  # bytes of one post
MOST_OPENERS = 4_000  # {{ and {% in one post; past it only the tags are taken out
MOST_WORK = 400_000_000  # openers × characters: what unclosed ones would make the scanner walk


@dataclass(frozen=True, slots=True)
class Scope:
    """What a template may know. `post` and `file` give the path of a URL, or None; `warn` takes a sentence."""

    variables: Mapping[str, object]
    url: str
    baseurl: str
    post: Callable[[str], str | None]
    file: Callable[[str], str | None]
    warn: Callable[[str], None]


class Renderer:
    """Keeps what costs time to make; not for two threads at once."""

    def __init__(self) -> None:
        self._environment = _Environment()

    def render(self, source: str, scope: Scope) -> str:
        """`source` with its Liquid resolved. `{{ 7*7 }}`, being no variable, stays those characters."""
        openers = source.count("{%") + source.count("{{")
        if openers > MOST_OPENERS or openers * len(source) > MOST_WORK:
            scope.warn("too much Liquid in one post; its tags were left out")
            return re.sub(r"\{%[^\n]*", "", source)
        easy = _easy(source, scope)
        if easy is not None:
            return easy
        text = self._resolved(source, scope)
        return text if "raw" in source else without_tags(text)  # "{{" and "%}" can meet by accident

    def _resolved(self, source: str, scope: Scope) -> str:
        try:
            return self._rendered(source, scope)
        except Exception as error:  # a template is anybody's text: whatever it breaks, the post goes on
            scope.warn(f"its Liquid cannot be read ({_reason(error)}); the tags were left out")
            return self._piece_by_piece(source, scope)

    def _rendered(self, source: str, scope: Scope) -> str:
        problems = self._environment.problems
        problems.clear()
        template = self._environment.from_string(source)
        text = "" if problems else template.render({**scope.variables, SCOPE: scope})
        if problems:
            raise problems[0]
        return text

    def _piece_by_piece(self, source: str, scope: Scope) -> str:
        """What can be had from a broken template: its text, its code, its variables; no tag."""

        def piece(found: re.Match[str]) -> str:
            if found["raw"] is not None:
                return found["raw"]
            if found["code"] is not None:
                return code_block(found["language"], found["code"])
            if found["output"] is None:
                return ""
            try:
                return self._rendered(found["output"], scope)
            except Exception:  # as above
                return without_tags(found["output"])

        return _PIECES.sub(piece, source)


_EASY = re.compile(r"\{% *raw *%\}(.*?)\{% *endraw *%\}|\{\{ *(site|page)\.([A-Za-z_]\w*) *\}\}", re.DOTALL)


def _easy(source: str, scope: Scope) -> str | None:
    """What most posts hold, an address of the site or a raw passage, without a template; None when there is more."""
    pieces: list[str] = []
    position = 0
    for found in _EASY.finditer(source):
        before = source[position : found.start()]
        if "{%" in before or "{{" in before:
            return None
        if found[2]:
            holder = scope.variables.get(found[2])
            value = holder.get(found[3], "") if isinstance(holder, Mapping) else None
            if not isinstance(value, str):
                return None
            pieces += [before, value]
        else:
            pieces += [before, found[1]]
        position = found.end()
    rest = source[position:]
    return None if "{%" in rest or "{{" in rest else "".join([*pieces, rest])


class _Environment(Environment):
    """Lax, but what went wrong is kept: a part that silently goes missing is worse than a tag left out."""

    loop_iteration_limit = 10_000
    local_namespace_limit = MOST_OUTPUT
    output_stream_limit = MOST_OUTPUT

    def __init__(self) -> None:
        super().__init__(tolerance=Mode.LAX, strict_filters=False)
        self.problems: list[LiquidError] = []
        for name, tag in TAGS.items():
            self.tags[name] = tag(self)
        self.tags.pop("render", None)
        for name in ("include", *VANISHING):
            self.tags.pop(name, None)
        self.filters.update(FILTERS)
        self.filters.update({name: bounded(run) for name, run in self.filters.items()})

    def error(self, exc: object, msg: str | None = None, token: object = None) -> None:
        if isinstance(exc, LiquidError):
            self.problems.append(exc)
        elif isinstance(exc, type) and issubclass(exc, LiquidError):
            self.problems.append(exc(msg, token=None))


_PIECES = re.compile(
    r"\{%-?\s*raw\s*-?%\}(?P<raw>.*?)\{%-?\s*endraw\s*-?%\}"
    r"|\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}"
    r"|\{%-?\s*highlight\s+(?P<language>[^\s%]+)[^%]*%\}(?P<code>.*?)\{%-?\s*endhighlight\s*-?%\}"
    r"|(?P<output>\{\{.*?\}\})"
    r"|\{%.*?%\}"
    r"|\{%[^\n]*"
    r"|\{\{-?[ \t]*[\w.]*",  # that nobody closes: what it would have been, not the words behind it
    re.DOTALL,
)


def _reason(error: Exception) -> str:
    return " ".join(str(error).partition(" -> ")[0].split())[:120] or type(error).__name__

"""How long a template may run, and how much it may make: a few characters of it could ask for hours, or gigabytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS as JINJAS

MOST = 2_000_000  # characters of a text, entries of a list; twenty times what Gmail shows
ALTOGETHER = 50_000_000  # of all texts and lists that one rendering makes
PRODUCT = 20_000_000  # characters of a text times those of another that may be put into it
ENTRIES = 200_000  # of a list and of all lists inside it, characters of their texts included, that may become text
COUNT = 1_000  # the most that a filter may be told to cut into, fill up, indent or round to
REPEAT = 10_000  # the most that "x" * n, ranges may ask for
_NESTS = (list, tuple, dict, set, frozenset)
_COUNTING = ("batch", "round", "slice", "tojson")
_UNBOUNDED_FILTERS = ("center", "format", "indent")
_UNBOUNDED_METHODS = (
    "center", "expandtabs", "format", "format_map", "ljust", "rjust", "to_bytes", "translate", "zfill"
)  # fmt: skip


class Allowance:
    """Over one rendering: when it must be at its end, and for how much more there is room."""

    __slots__ = ("deadline", "room", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.deadline = time.monotonic() + seconds
        self.room = ALTOGETHER

    def look(self, size: int) -> None:
        """At the clock, and at the room when something of `size` is put there. Raises SecurityError, as all here do."""
        self.room -= size
        if self.room < 0:
            raise SecurityError(f"it makes more than {ALTOGETHER:,} characters; look for a text that grows in a loop")
        if time.monotonic() > self.deadline:
            raise SecurityError(f"it takes longer than {self.seconds:g} seconds; look for a loop inside a loop")


ALLOWANCE: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def watched(seconds: float) -> Iterator[None]:
    token = ALLOWANCE.set(Allowance(seconds))
    try:
        yield
    finally:
        ALLOWANCE.reset(token)


def check_time() -> None:
    if allowance := ALLOWANCE.get():
        allowance.look(0)


def weighed(made: Any) -> Any:
    """What was just made, if there is room for it."""
    size = len(made) if isinstance(made, (str, bytes, list, tuple)) else 0
    if size > MOST:
        raise SecurityError(f"a text or list of more than {MOST:,} is not for templates")
    if allowance := ALLOWANCE.get():
        allowance.look(size)
    return made


def written(value: Any) -> Any:
    """What stands in {{ }}, if there is room for it. An issue has hundreds, so nobody looks at the clock for one."""
    if isinstance(value, str):
        if allowance := ALLOWANCE.get():
            allowance.room -= len(value)
            if allowance.room < 0:
                allowance.look(0)
        return value
    return spread(value)


def spread(value: Any) -> Any:
    """A value that may become text. A list in a list in a list, each twice there, makes more than a memory holds."""
    if not isinstance(value, _NESTS):
        return value
    size, inside = 0, [value]
    while inside:
        one = inside.pop()
        entries = [*one.keys(), *one.values()] if isinstance(one, dict) else one
        for entry in entries:
            size += len(entry) if isinstance(entry, (str, bytes)) else 1
            if isinstance(entry, _NESTS):
                inside.append(entry)
        if size > ENTRIES:
            raise SecurityError(f"a list with more than {ENTRIES:,} entries and characters in it is not for templates")
    return value


def each(things: Iterable[Any], size: int) -> Iterator[Any]:
    """A loop's turns, each of which writes so many characters that stand in the template."""
    allowance = ALLOWANCE.get()
    for thing in things:
        if allowance:
            allowance.look(size)
        yield thing


def called(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """`args`, with which a function may be called that a template found somewhere."""
    name, what = getattr(function, "__name__", ""), getattr(function, "__self__", None)
    if name in _UNBOUNDED_METHODS:
        raise SecurityError(f"`{name}` is not for templates")
    if isinstance(what, (str, bytes)) and (args or kwargs):
        return (_joinable(what, args[0]), *args[1:]) if name == "join" and args else _modest(name, what, args, kwargs)
    return args


def multiplied(left: Any, right: Any) -> None:
    """Before `left * right`."""
    if all(isinstance(side, (int, float)) and abs(side) <= 1e9 for side in (left, right)):
        return
    count, what = (right, left) if isinstance(right, int) else (left, right)
    most = min(REPEAT, MOST // max(1, len(what))) if hasattr(what, "__len__") else REPEAT
    if not isinstance(count, int) or count > most:
        raise SecurityError("a product this large is not for templates")


def short_range(*arguments: int) -> range:
    steps = range(*arguments)
    if len(steps) > REPEAT:
        raise SecurityError(f"a range of more than {REPEAT:,} steps is not for templates")
    return steps


def _modest(name: str, what: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """`args`, when what a filter or a method makes of them and of `what` cannot get too large to be weighed."""
    given = (*args, *kwargs.values())
    if name in _COUNTING and any(isinstance(one, int) and abs(one) > COUNT for one in given):
        raise SecurityError(f"`{name}` with a number above {COUNT:,} is not for templates")
    if name == "sum" and any(isinstance(one, Sequence) and not isinstance(one, str) for one in given):
        raise SecurityError("`sum` of lists is not for templates")
    longest = max((len(one) for one in given if isinstance(one, (str, bytes))), default=0)
    if isinstance(what, (str, bytes)) and len(what) * longest > PRODUCT:
        raise SecurityError(f"`{name}` with texts this long is not for templates")
    return args


def _joinable(separator: Any, things: Iterable[Any]) -> list[Any]:
    listed = list(things)
    texts = sum(len(one) for one in listed if isinstance(one, (str, bytes)))
    if texts + len(str(separator)) * len(listed) > MOST:
        raise SecurityError(f"`join` to a text of more than {MOST:,} characters is not for templates")
    return listed


def _bounded(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, watched. Jinja gives some of its own an environment, or the like, before the value."""
    ahead = 1 if hasattr(filter_, "jinja_pass_arg") else 0

    @wraps(filter_)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        before, what, args = args[:ahead], spread(args[ahead]), args[ahead + 1 :]
        if name == "join":
            what = _joinable(args[0] if args else kwargs.get("d", ""), what)
        elif args or kwargs:
            _modest(name, what, args, kwargs)
        return weighed(filter_(*before, what, *args, **kwargs))

    return bounded


EACH, JOINED, SPREAD = " each", " joined", " spread"  # filters by names that no template can write
FILTERS = {name: _bounded(name, own) for name, own in JINJAS.items() if name not in _UNBOUNDED_FILTERS}
FILTERS |= {EACH: each, JOINED: weighed, SPREAD: spread}
GLOBALS = {name: thing for name, thing in DEFAULT_NAMESPACE.items() if name != "lipsum"} | {"range": short_range}

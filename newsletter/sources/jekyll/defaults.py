"""`defaults:` of _config.yml: values for every post whose path and type a scope takes in."""

from __future__ import annotations

import glob
import re
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from newsletter.text import rubydate
from newsletter.text.ruby import text

_OLD_TYPES = {"post": "posts", "page": "pages", "draft": "drafts"}


class Defaults:
    """Drafts are of type `posts` too, as in Jekyll 4."""

    def __init__(self, sets: object, root: Path, collections_dir: str, zone: tzinfo) -> None:
        self.collections_dir = f"{collections_dir}/" if collections_dir else ""
        self.zone = zone
        found = [self._set(each, root) for each in sets] if isinstance(sets, list) else []
        self.sets = [each for each in found if each is not None]
        self.known: dict[tuple[int, ...], dict[Any, Any]] = {}

    def for_path(self, path: str) -> dict[Any, Any]:
        """The values for a post at `path` (below the collections' folder); a later or narrower scope wins.

        The answer is shared: copy what you change.
        """
        matching = tuple(
            index
            for index, (_, prefixes, _values) in enumerate(self.sets)
            if prefixes is None or path.startswith(prefixes)
        )
        if matching not in self.known:
            self.known[matching] = self._merged(matching)
        return self.known[matching]

    def _merged(self, matching: tuple[int, ...]) -> dict[Any, Any]:
        values: dict[Any, Any] = {}
        widest: dict[Any, Any] | None = None
        for index in matching:
            scope, _, own = self.sets[index]
            if widest is None or _precedes(scope, widest):
                values, widest = deep_merge(values, own), scope
            else:
                values = deep_merge(own, values)
        return values

    def _set(self, each: object, root: Path) -> tuple[dict[Any, Any], tuple[str, ...] | None, dict[Any, Any]] | None:
        """The scope, the beginnings of paths that it takes in (None: every path), its values."""
        if not isinstance(each, dict) or not isinstance(each.get("values"), dict):
            return None
        scope = each.get("scope")
        scope = scope if isinstance(scope, dict) else {}
        if "type" in scope:
            kind = text(scope["type"])
            if _OLD_TYPES.get(kind, kind) != "posts":
                return None
        values = dict(each["values"])
        if isinstance(values.get("date"), str):
            try:
                values["date"] = rubydate.parse(values["date"], self.zone, datetime.now(UTC))
            except (ValueError, OverflowError):
                del values["date"]
        path = scope.get("path")
        if not isinstance(path, str) or not path:
            return scope, None, values
        return scope, self._beginnings(path, root), values

    def _beginnings(self, path: str, root: Path) -> tuple[str, ...]:
        if "*" not in path:
            return (path.removeprefix(self.collections_dir),)
        found = {
            match.removeprefix(self.collections_dir)
            for pattern in _without_braces(path.lstrip("/"))
            for match in glob.iglob(pattern, root_dir=root, recursive=True)  # noqa: PTH207 - hidden files stay out, as in Ruby
        }
        return tuple(sorted(each.rstrip("/") for each in found))


def _without_braces(pattern: str) -> list[str]:
    """`_posts/{a,b}/*` -> two patterns, as a Ruby glob has it."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if not found:
        return [pattern]
    before, after = pattern[: found.start()], pattern[found.end() :]
    return [each for choice in found[1].split(",") for each in _without_braces(before + choice + after)]


def _precedes(new: dict[Any, Any], old: dict[Any, Any]) -> bool:
    new_path, old_path = _bare(new.get("path")), _bare(old.get("path"))
    if len(new_path) != len(old_path):
        return len(new_path) > len(old_path)
    return "type" in new or "type" not in old


def _bare(path: object) -> str:
    if not isinstance(path, str) or not path.startswith("/"):
        return path if isinstance(path, str) else ""
    return path[1:].removesuffix("/")


def deep_merge(below: dict[Any, Any], above: dict[Any, Any]) -> dict[Any, Any]:
    """`above` wins, save that its empty values leave what stands below; mappings are merged in turn."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if value is None and key in merged:
            continue
        merged[key] = deep_merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged

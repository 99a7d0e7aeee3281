"""Jinja's work on templates done once for all tests of a process: many of them open an application of their own."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import jinja2
import pytest

from newsletter.text import sandbox


@contextmanager
def compiled_once() -> Iterator[None]:
    """What a template compiles to depends on its text, its name, and what its environment does at compile time."""
    compiled: dict[Hashable, Any] = {}
    parsed: dict[Hashable, Any] = {}
    really_compile, really_parse = jinja2.Environment.compile, sandbox.Environment.parse

    def compile_(
        self: jinja2.Environment, source: Any, name: str | None = None, filename: str | None = None, **given: Any
    ) -> Any:
        if not isinstance(source, str):
            return really_compile(self, source, name, filename, **given)
        key = (_kind(self, name), source, name, filename, *sorted(given.items()))
        if key not in compiled:
            compiled[key] = really_compile(self, source, name, filename, **given)
        return compiled[key]

    def parse(self: sandbox.Environment, source: str, *named: str) -> Any:
        if (source, named) not in parsed:
            parsed[source, named] = really_parse(self, source, *named)
        return parsed[source, named]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_)
        patch.setattr(sandbox.Environment, "parse", parse)
        yield


def _kind(environment: jinja2.Environment, name: str | None) -> Hashable:
    """Filters too, for the compiler calls them on what is constant; their words tell a language from another."""
    escapes = environment.autoescape
    return (
        type(environment),
        environment.trim_blocks,
        environment.lstrip_blocks,
        environment.undefined,
        escapes(name) if callable(escapes) else escapes,
        str(environment.filters),
    )

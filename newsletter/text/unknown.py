"""What a template is told that asks for something nobody has: in the words of who writes it, not in Python's."""

from __future__ import annotations

import difflib
from collections.abc import Sized

import jinja2
from jinja2.environment import TemplateModule
from jinja2.utils import missing

from newsletter.domain.digest import Also, Digest, DigestStory
from newsletter.domain.edition import Edition
from newsletter.text.issue_links import IssueLinks

_KINDS: tuple[tuple[type, str], ...] = (
    (DigestStory, "a story"),
    (Also, "another version of a story"),
    (Edition, "an edition"),
    (Digest, "a digest"),
    (IssueLinks, "`links`"),
    (str, "a text"),
    (bool, "yes or no"),
    (int, "a number"),
    (tuple, "a list"),
    (list, "a list"),
)


class Unknown(jinja2.StrictUndefined):
    """Jinja's own, with the words changed."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        if self._undefined_obj is missing:
            return f"there is no `{self._undefined_name}`"
        name: object = self._undefined_name  # whatever stood in the brackets
        if isinstance(name, int) and isinstance(self._undefined_obj, Sized):
            return f"there is no element {name} among {len(self._undefined_obj)}; the first is 0"
        if isinstance(self._undefined_obj, TemplateModule):
            file = self._undefined_obj.__name__
            return f"{file} has no `{name}`: copy it from the program's own file, or leave yours out"
        return f"{_kind(self._undefined_obj)} has no `{name}`{self._near()}"

    def _near(self) -> str:
        """Of what a template may ask our own things for; nobody means a method of Python's texts."""
        ours = type(self._undefined_obj)
        if not ours.__module__.startswith("newsletter."):
            return ""
        known = [name for name in dir(ours) if not name.startswith("_")]
        near = difflib.get_close_matches(str(self._undefined_name), known, n=1)
        return f"; did you mean `{near[0]}`?" if near else ""


def _kind(thing: object) -> str:
    if thing is None:
        return "what is not there"
    return next((words for kind, words in _KINDS if isinstance(thing, kind)), f"a {type(thing).__name__.lower()}")

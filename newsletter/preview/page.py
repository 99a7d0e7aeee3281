"""The preview page: one template, for the file that `newsletter preview` writes and for the page of `serve`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import jinja2
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.domain.edition import Edition
from newsletter.domain.finding import Finding
from newsletter.domain.issue import Issue
from newsletter.preview.fields import Field, explained
from newsletter.preview.inbox import InboxLine, inbox_line
from newsletter.preview.scale import Scale, scale
from newsletter.preview.views import SANDBOX, VIEWS, View
from newsletter.text.clocks import moment
from newsletter.text.filters import coded
from newsletter.text.opened import Opened
from newsletter.text.sandbox import template_errors

_TEMPLATE = "web/preview.html"
_MOST_SOURCE = 256 * 1024  # bytes of a message that are shown; pictures within it make it megabytes


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Whose copy it is. `remark` is what an operator should know of a chosen reader, "" for nothing.

    `asked` is the address that was asked for: that of the chosen reader, or one of nobody.
    """

    email: str
    name: str
    is_chosen: bool
    remark: str = ""
    asked: str = ""


@dataclass(frozen=True)
class Look:
    """An issue as one reader gets it. `trouble` says why its message cannot be made; `message` is empty then.

    `others` are (edition's name, issue) of the same build for the newsletter's other editions.
    """

    issue: Issue
    edition: Edition
    message: Opened
    reader: Onlooker
    findings: Sequence[Finding]
    others: Sequence[tuple[str, int]] = ()
    trouble: str = ""

    def among(self, issues: Collection[int]) -> Look:
        """The same, without a way to issues that have no preview beside this one."""
        return replace(self, others=[other for other in self.others if other[1] in issues])

    @cached_property
    def inbox(self) -> InboxLine:
        return inbox_line(self.message)

    @cached_property
    def scale(self) -> Scale:
        return scale(self.message)

    @cached_property
    def fields(self) -> list[Field]:
        return explained(self.message)

    @property
    def source(self) -> str:
        return self.message.source(_MOST_SOURCE)

    @property
    def source_left(self) -> int:
        """Bytes of the message that are not shown."""
        return max(0, len(self.message.raw) - _MOST_SOURCE)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What differs between the file and the page of `serve`.

    `frame` gives a view's attribute of an iframe, `src` or `srcdoc`, and its value; `issue` the address of another
    issue's preview; `nonce` lets the page's own style sheet pass, "" where a policy in the page does that. `home` is
    the address of the admin page, "" in a file. `files` are the message in files (address, what it is).
    """

    frame: Callable[[View], tuple[str, str]]
    issue: Callable[[int], str]
    files: Sequence[tuple[str, str]]
    nonce: str = ""
    home: str = ""


class PreviewPage:
    """Its template is the operator's own where there is one."""

    def __init__(self, templates: jinja2.BaseLoader) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=templates, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._environment.filters["moment"] = moment
        self._environment.filters["coded"] = coded

    def html(self, look: Look, surroundings: Surroundings) -> str:
        """Everything in it is a value and escaped. Raises TemplateError."""
        frames = [(view, *surroundings.frame(view)) for view in VIEWS] if look.message.raw else []
        with template_errors(_TEMPLATE):
            template = self._environment.get_template(_TEMPLATE)
            return template.render(look=look, issue=look.issue, place=surroundings, frames=frames, sandbox=SANDBOX)

"""Jinja for templates that people write: a sandbox with limits, and errors that name file and line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.errors import TemplateError
from newsletter.text import bounds
from newsletter.text.unknown import Unknown

SECONDS = 5.0  # a digest takes milliseconds
DEPTH = 100  # expressions and blocks inside each other; Jinja and Python recurse for each
TEXTS = 100  # templates of the configuration that are kept compiled
_BEGUN = {"root", "top-level template code"}  # the function that a template begins with, as Jinja names it
PAIRS = 5_000  # what an environment remembers; a template may make up names without end


class Environment(ImmutableSandboxedEnvironment):
    """Content comes in as values only. What a template does is watched: its time, and the size of what it makes."""

    intercepted_binops = frozenset({"+", "*", "**", "%", "<<"})

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        super().__init__(
            loader=loader,
            autoescape=lambda name: name is not None and not name.endswith(".txt"),
            undefined=Unknown,
            finalize=bounds.written,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._texts: dict[str, jinja2.Template] = {}
        self._safe: set[tuple[type, str]] = set()
        self.globals.clear()
        self.globals.update(bounds.GLOBALS)
        self.filters.clear()
        self.filters.update(bounds.FILTERS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if (allowance := bounds.ALLOWANCE.get()) and time.monotonic() > allowance.deadline:
            bounds.check_time()  # called only then: an issue reads hundreds of attributes
        if (type(obj), attribute) in self._safe:
            try:
                return getattr(obj, attribute)
            except AttributeError:
                pass
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """As Jinja judges it: by the kind of object and the name alone, so who was safe once is not judged again.

        But for texts: there Jinja looks longer at `format`.
        """
        pair = (type(obj), attr)
        if pair in self._safe:
            return True
        safe = super().is_safe_attribute(obj, attr, value)
        if safe and not isinstance(obj, str):
            if len(self._safe) >= PAIRS:
                self._safe.clear()
            self._safe.add(pair)
        return safe

    def call(self, context: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        if isinstance(function, Macro):
            bounds.check_time()
            return _written(context, function, args, kwargs)
        return bounds.weighed(super().call(context, function, *bounds.called(function, args, kwargs), **kwargs))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator in ("**", "<<") or (operator == "%" and isinstance(left, str)):
            raise SecurityError(f"`{operator}` is not for templates")
        if operator == "*":
            bounds.multiplied(left, right)
        return bounds.weighed(super().call_binop(context, operator, left, right))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """As Jinja does it, but what nests too deep is told with its line."""
        parser = Parser(self, source, name, filename)
        try:
            parsed = parser.parse()
            line = _too_deep(parsed)
        except RecursionError:
            line = parser.stream.current.lineno
        if line is not None:
            reason = "this nests too deep. Take it apart with {% set %}, or look for brackets that are never closed"
            raise jinja2.TemplateSyntaxError(reason, line, name, filename)
        _watch(parsed, self)
        return parsed

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """The whole template. Raises TemplateError."""
        return self._bounded(name, lambda: self.get_template(name).generate(**values))

    def render_block(self, name: str, block: str, values: Mapping[str, object], default: str | None = None) -> str:
        """One block that the template itself has; without it `default`, or else TemplateError, as for any trouble."""

        def pieces() -> Iterator[str]:
            template = self.get_template(name)
            if default is not None and block not in template.blocks:
                return iter([default])
            if block not in template.blocks:
                raise TemplateError(name, f"it has no block `{block}`; the program's own shows what belongs in it.")
            return template.blocks[block](template.new_context(dict(values)))

        return self._bounded(name, pieces)

    def render_text(self, label: str, source: str, values: Mapping[str, object]) -> str:
        """A template that stands in the configuration; `label` says where. Its output is plain text.

        An error has no line: one of such a text is none of the file.
        """
        try:
            return self._bounded(label, lambda: self._compiled(source).generate(**values))
        except TemplateError as error:
            raise TemplateError(error.template, error.reason) from None

    def _compiled(self, source: str) -> jinja2.Template:
        """Compiling a subject costs more than writing it, so the last few are kept."""
        if source not in self._texts:
            if len(self._texts) >= TEXTS:
                self._texts.clear()
            self._texts[source] = self.overlay(autoescape=False).from_string(source)
        return self._texts[source]

    def _bounded(self, name: str, pieces: Callable[[], Iterator[str]]) -> str:
        written: list[str] = []
        size = 0
        originals = self.loader.original_folders() if isinstance(self.loader, WithOriginals) else ()
        with bounds.watched(SECONDS), template_errors(name, originals):
            for piece in pieces():
                bounds.check_time()
                size += len(piece)
                if size > bounds.MOST:
                    raise SecurityError(f"it writes more than {bounds.MOST:,} characters")
                written.append(piece)
        return "".join(written)


def _watch(template: nodes.Template, environment: jinja2.Environment) -> None:
    """Has each loop's turns, and what `~` joins, go through a filter of ours: Jinja asks nobody about them."""
    for node in list(template.find_all((nodes.For, nodes.Concat))):
        if isinstance(node, nodes.For):
            size = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
            node.iter = _through(bounds.EACH, node.iter, nodes.Const(size))
        elif isinstance(node, nodes.Concat):
            parts = [part if isinstance(part, nodes.Const) else _through(bounds.SPREAD, part) for part in node.nodes]
            node.nodes = [_through(bounds.JOINED, nodes.Concat(parts, lineno=node.lineno))]
    template.set_environment(environment)


def _through(name: str, node: nodes.Node, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)


def _written(context: Context, macro: Macro, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """As Jinja calls it, but nobody asks whether it is safe: most calls of a template are to its own macros."""
    kwargs.pop("_block_vars", None)
    kwargs.pop("_loop_vars", None)
    said = macro(context.eval_ctx, *args, **kwargs)
    # A macro of a text template escapes nothing, so HTML must not take it for markup.
    return said if macro._default_autoescape else str(said)


def _too_deep(template: nodes.Template) -> int | None:
    """The line where something stands deeper than DEPTH in a template, None when nothing does."""
    level: list[nodes.Node] = [template]
    for _ in range(DEPTH):
        level = [child for node in level for child in node.iter_child_nodes()]
    return level[0].lineno if level else None


class Folder(jinja2.FileSystemLoader):
    """A folder of templates. One that is no UTF-8 is told with its file and line."""

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            file = next(str(path) for folder in self.searchpath if (path := Path(folder, template)).is_file())
            reason = f"byte {error.start + 1} of the file is no UTF-8. Save it as UTF-8."
            raise TemplateError(file, reason, line=error.object.count(b"\n", 0, error.start) + 1) from None


class WithOriginals(jinja2.BaseLoader):
    """`!email/digest.mjml` is the package's own, also where the operator's folder has one of that name."""

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        self.loader = loader

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        original = template.removeprefix("!")
        loader = self.loader
        if original != template and isinstance(loader, jinja2.ChoiceLoader):
            loader = loader.loaders[-1]
        return loader.get_source(environment, original)

    def list_templates(self) -> list[str]:
        return self.loader.list_templates()

    def original_folders(self) -> list[str]:
        """Where the package's own lie, if others are looked for before them."""
        last = self.loader.loaders[-1] if isinstance(self.loader, jinja2.ChoiceLoader) else None
        return list(last.searchpath) if isinstance(last, jinja2.FileSystemLoader) else []


@contextmanager
def template_errors(name: str, originals: Sequence[str] = ()) -> Iterator[None]:
    """Whatever goes wrong while a template runs becomes a TemplateError with its file and line.

    `originals` are folders whose templates are told of only where no other is at it: they stumble over what they are
    given.
    """
    try:
        yield
    except TemplateError:
        raise
    except jinja2.TemplateSyntaxError as error:
        file = error.filename or error.name or name
        raise TemplateError(file, _sentence(error.message or ""), line=error.lineno) from None
    except jinja2.TemplatesNotFound as error:
        raise TemplateError(name, f"there is no template {' or '.join(map(str, error.templates))}.") from None
    except jinja2.TemplateNotFound as error:
        file, line = _place(error.__traceback__, name, originals)
        raise TemplateError(file, f"there is no template {error.name}.", line=line) from None
    except RecursionError as error:
        raise TemplateError(name, _told_of_recursion(error.__traceback__)) from None
    except Exception as error:  # a template can make any value raise anything
        file, line = _place(error.__traceback__, name, originals)
        raise TemplateError(file, _sentence(str(error) or type(error).__name__), line=line) from None


def _sentence(words: str) -> str:
    return words if words.endswith("?") else f"{words.rstrip('.')}."


def _told_of_recursion(trace: TracebackType | None) -> str:
    """Of templates that lead to each other each begins anew; a macro, a loop or a block stays within its own."""
    innermost = [frame.f_code.co_name for frame, _ in _template_frames(trace)][-20:]
    if innermost and _BEGUN.isdisjoint(innermost):
        return "a macro, a loop or a block calls itself without an end. Put an {% if %} around the call that ends it."
    return "it includes or extends itself. To build on the package's own template write its name with a ! before it."


def _place(trace: TracebackType | None, name: str, originals: Sequence[str]) -> tuple[str, int | None]:
    """File and line of the innermost template; of the innermost that is no original, where there is one."""
    places = [(str(frame.f_globals["__file__"]), line) for frame, line in reversed(_template_frames(trace))]
    own = [place for place in places if not any(Path(place[0]).is_relative_to(folder) for folder in originals)]
    for found, line in own or places:
        return (name if found == "<template>" else found), line
    return name, None


def _template_frames(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    """Those of templates, each with its line, the innermost last; Jinja marks them."""
    frames = []
    while trace:
        if "__jinja_exception__" in trace.tb_frame.f_globals:
            frames.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return frames

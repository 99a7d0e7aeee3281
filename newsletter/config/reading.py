"""Reads the file, lays the environment over it, and turns every complaint into place, key and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from newsletter.config.complaints import Lines, Whereabouts, explain, lines_of, told_once
from newsletter.config.environment import overlaid
from newsletter.config.loader import Loader, Unreadable
from newsletter.config.schema import NOT_IN_THE_FILE, Config
from newsletter.errors import ConfigError, repeated, visible

MOST_BYTES = 1_000_000  # of config.yaml
MOST_COMPLAINTS = 20


_OFTEN = (
    ("mapping values are not allowed", "a value with a colon in it belongs in quotes"),
    ("block end", "a quote is missing, or the indentation is off, here or on the line above"),
    ("could not find expected ':'", "a key wants a colon and a space behind it, here or on the line above"),
    ("cannot start any token", "indent with spaces, not tabs; a value that begins with @, % or ` belongs in quotes"),
    (
        "expected ',' or '}'",
        "here or above: a # begins a comment, so a colour belongs in quotes; or a comma is missing",
    ),
    ("expected ',' or ']'", "here or above: a comma or the bracket at the end is missing; a # begins a comment"),
    ("expected the node content", "here or above: a # begins a comment, so a colour belongs in quotes"),
    ("escape", "in double quotes a backslash is written \\\\; in single ones it stands for itself"),
    ("found another document", "a line --- begins a second one; remove that line, or what is not meant"),
    ("unexpected end of stream", "a quote or a bracket is opened and never closed"),
)


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Reads config.yaml and overlays NEWSLETTER_* variables.

    Raises ConfigError: a line for each thing wrong, with the file, its line, the key and the remedy.
    """
    raw, lines = _parsed(path)
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}:1: a configuration is `key: value` lines; see `newsletter init`.")
    tree, variables = overlaid(raw, environ)
    for key in NOT_IN_THE_FILE & set(raw):
        raise ConfigError(f"{Whereabouts(path, lines, {}).of([key])}: unknown key `{key}`. Remove it.")
    try:
        return Config.model_validate({**tree, "folder": path.resolve().parent, "file_name": path.name})
    except ValidationError as error:
        whereabouts = Whereabouts(path, lines, variables)
        complaints = sorted(told_once(error.errors()), key=lambda item: whereabouts.order(item["loc"]))
        raise ConfigError(_listed(path, (explain(whereabouts, item) for item in complaints), len(complaints))) from None


def _parsed(path: Path) -> tuple[Any, Lines]:
    """What the file says, and where it says it."""
    source = _text(path)
    try:
        loader = Loader(source)
        node = loader.get_single_node()
        lines = lines_of(node)
        twice = [f"{path}:{line}: `{repeated(key)}` stands there twice; remove one." for line, key in _doubles(node)]
        raw = loader.construct_document(node) if node else {}  # last: it works merges into the nodes
    except Unreadable as error:
        raise ConfigError(f"{path}{_mark(error)}: {repeated(error.problem)}.") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}{_mark(error)}: this is not YAML: {_problem(error)}.") from None
    if twice:
        raise ConfigError(_listed(path, twice, len(twice)))
    return {} if raw is None else raw, lines


def _listed(path: Path, complaints: Iterable[str], number: int) -> str:
    """A line for each, and for many of them what can be read at once."""
    shown = [visible(complaint) for complaint in islice(complaints, MOST_COMPLAINTS)]
    more = number - len(shown)
    return "\n".join([*shown, f"{path}: and {more:,} more; mend these first."] if more else shown)


def _where_it_may_be(path: Path) -> str:
    """Somebody stands in a folder below that of the configuration, and would else make a second one there."""
    above = (folder / path.name for folder in path.absolute().parent.parents)
    found = next((file for file in above if file.is_file()), None) if len(path.parts) == 1 else None
    if found:
        return f"There is {found}: go to its folder, or name it with --config."
    return "Run `newsletter init`, or name it with --config FILE."


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ConfigError(
                f"{path}: more than {MOST_BYTES:,} bytes is no configuration. Name another with --config FILE."
            )
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file. {_where_it_may_be(path)}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}. Name a file with --config FILE.") from None


def _doubles(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """(line, key) of every key that stands in its mapping a second time: YAML would silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen and key.value != "<<":
                yield key.start_mark.line + 1, key.value
            seen.add(key.value)
            yield from _doubles(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _doubles(value)


def _mark(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    """PyYAML's words, and what is most often behind them."""
    said = repeated(getattr(error, "problem", None) or str(error).splitlines()[0])
    hint = next((hint for words, hint in _OFTEN if words in said), "")
    return f"{said} ({hint})" if hint else said

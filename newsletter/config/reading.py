"""Reads the file, lays the environment over it, and turns every complaint into place, key and remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from newsletter.config.complaints import Place, explain
from newsletter.config.schema import NOT_IN_THE_FILE, Config
from newsletter.errors import ConfigError

PREFIX = "NEWSLETTER_"
_SECRETS = {"password", "username", "secret"}


class _Loader(yaml.SafeLoader):
    """YAML 1.2's plain words: `at: 8:30` is no number, `no` no boolean, `2026-11-27` no date."""


_FLOAT = r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z"
_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)\Z", [*"tTfF"]),
    ("int", r"[-+]?[0-9]{1,18}\Z", [*"-+0123456789"]),
    ("float", _FLOAT, [*"-+.0123456789"]),
    ("null", r"(?:~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    ("merge", r"<<\Z", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _loader, node: int(node.value))


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Reads config.yaml and overlays NEWSLETTER_* variables.

    Raises ConfigError: a line for each thing wrong, with the file, its line, the key and the remedy.
    """
    source = _text(path)
    try:
        node = yaml.compose(source, _Loader)
        raw = yaml.load(source, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}{_mark(error)}: this is not YAML: {_problem(error)}.") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: this is not YAML: {error}.") from None
    raw = {} if raw is None else raw
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}:1: a configuration is `key: value` lines; see `newsletter init`.")
    if _holds_itself(raw):
        raise ConfigError(f"{path}: an alias (*name) stands inside what it names; write it out.")
    if twice := [f"{path}:{line}: `{key}` stands there twice; remove one." for line, key in _doubles(node)]:
        raise ConfigError("\n".join(twice))
    tree, variables = _overlaid(raw, environ)
    for key in NOT_IN_THE_FILE & set(raw):
        raise ConfigError(f"{Place(path, node, {}).of([key])}: unknown key `{key}`. Remove it.")
    try:
        return Config.model_validate({**tree, "folder": path.resolve().parent, "file_name": path.name})
    except ValidationError as error:
        place = Place(path, node, variables)
        complaints = sorted(error.errors(), key=lambda item: place.order(item["loc"]))
        raise ConfigError("\n".join(explain(place, item) for item in complaints)) from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file. Run `newsletter init`, or name it with --config FILE.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}. Name a file with --config FILE.") from None


def _overlaid(raw: dict[Any, Any], environ: Mapping[str, str]) -> tuple[dict[Any, Any], dict[tuple[str, ...], str]]:
    """The tree with the environment laid over it, and which variable set which key.

    NEWSLETTER_SMTP__PASSWORD sets smtp.password; - and _ are the same in a name; numbers step into lists.
    """
    tree = _copied(raw)
    variables: dict[tuple[str, ...], str] = {}
    for variable, text in sorted(environ.items()):
        steps = variable.removeprefix(PREFIX).lower().split("__")
        known = steps[0] in Config.model_fields and steps[0] not in NOT_IN_THE_FILE
        if variable.startswith(PREFIX) and known:
            variables[_set(tree, steps, _value(text, steps), variable)] = variable
    return tree, variables


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _value(text: str, steps: list[str]) -> object:
    """Secrets stay text whatever they look like, and so does what only happens to look like `key: value`."""
    if steps[-1] in _SECRETS:
        return text
    try:
        value = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError):
        return text
    return text if isinstance(value, dict) and not text.lstrip().startswith("{") else value


def _set(tree: Any, steps: list[str], value: object, variable: str) -> tuple[str, ...]:
    """Puts the value in its place and returns the keys that lead there, as the file spells them."""
    way: list[str] = []
    for index, step in enumerate(steps):
        if isinstance(tree, list):
            if not step.isdecimal() or int(step) >= len(tree):
                raise ConfigError(f"{variable}: that list has no entry {step}; its first is 0.")
            key: Any = int(step)
        else:
            key = next((name for name in tree if _same_name(name, step)), step)
        way.append(str(key))
        if index == len(steps) - 1:
            tree[key] = value
            break
        if isinstance(tree, dict) and tree.get(key) is None:
            tree[key] = {}
        tree = tree[key]
        if not isinstance(tree, (dict, list)):
            raise ConfigError(f"{variable}: `{'.'.join(way)}` is a single value; nothing stands below it.")
    return tuple(way)


def _same_name(name: object, step: str) -> bool:
    return str(name).lower().replace("-", "_") == step.replace("-", "_")


def _doubles(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """(line, key) of every key that stands in its mapping a second time: YAML would silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen and isinstance(key.value, str) and key.value != "<<":
                yield key.start_mark.line + 1, key.value
            if isinstance(key.value, str):
                seen.add(key.value)
            yield from _doubles(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _doubles(value)


def _holds_itself(value: Any, above: tuple[int, ...] = ()) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return id(value) in above or any(_holds_itself(one, (*above, id(value))) for one in inner)


def _mark(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or str(error).splitlines()[0])

"""Reads the file, lays the environment over it, and turns every complaint into place, key and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from newsletter.config.complaints import Place, explain
from newsletter.config.environment import overlaid
from newsletter.config.loader import Loader
from newsletter.config.schema import NOT_IN_THE_FILE, Config
from newsletter.errors import ConfigError


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Reads config.yaml and overlays NEWSLETTER_* variables.

    Raises ConfigError: a line for each thing wrong, with the file, its line, the key and the remedy.
    """
    source = _text(path)
    try:
        node = yaml.compose(source, Loader)
        raw = yaml.load(source, Loader)  # noqa: S506 - a SafeLoader
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
    tree, variables = overlaid(raw, environ)
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

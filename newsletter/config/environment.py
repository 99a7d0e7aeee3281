"""Lays NEWSLETTER_* variables over what the file says."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

import yaml

from newsletter.config.loader import Loader
from newsletter.config.schema import NOT_IN_THE_FILE, Config
from newsletter.config.section import Section
from newsletter.errors import ConfigError, repeated

PREFIX = "NEWSLETTER_"
_NUMBER = re.compile("[0-9]{1,9}")
_SECRETS = {"password", "username", "secret"}
_AT_THE_TOP = {name: field for name, field in Config.model_fields.items() if name not in NOT_IN_THE_FILE}
_VARIABLES = {name: name for name in _AT_THE_TOP} | {
    f"{name}_{key}": f"{name}__{key}"
    for name, field in _AT_THE_TOP.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    for key in field.annotation.model_fields
}
"""How a key would be spelled with single underscores, and how its variable is spelled."""


def overlaid(raw: dict[Any, Any], environ: Mapping[str, str]) -> tuple[dict[Any, Any], dict[tuple[str, ...], str]]:
    """The tree with the environment laid over it, and which variable set which key.

    NEWSLETTER_SMTP__PASSWORD sets smtp.password; - and _ are the same in a name; numbers step into lists.
    """
    tree = _copied(raw)
    variables: dict[tuple[str, ...], str] = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX):
            continue
        steps = variable.removeprefix(PREFIX).lower().split("__")
        if steps[0] in _AT_THE_TOP:
            variables[_set(tree, steps, _value(text, steps), variable)] = variable
        elif wrong := _mistaken(variable, steps, text):
            raise ConfigError(wrong)
    return tree, variables


def _mistaken(variable: str, steps: list[str], text: str) -> str:
    """What to say of a variable that sets no key; "" for one that is likely not meant for us, as Kubernetes sets some.

    NEWSLETTER_SMTP_PASSWORD, with one underscore, is the mistake that everybody makes once.
    """
    known = _VARIABLES if len(steps) == 1 else {name: name for name in _AT_THE_TOP}
    near = difflib.get_close_matches(steps[0], known, n=1, cutoff=0.85 if len(steps) == 1 else 0.6)
    if len(steps) == 1 and (not near or text.startswith("tcp://")):
        return ""
    remedy = f"Did you mean {PREFIX}{'__'.join([known[near[0]], *steps[1:]]).upper()}?" if near else "Unset it."
    return f"{repeated(variable)}: unknown key `{repeated('.'.join(steps))}`. {repeated(remedy)}"


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _value(text: str, steps: list[str]) -> object:
    """Secrets stay text whatever they look like, and so does what only happens to look like `key: value`."""
    if steps[-1] in _SECRETS:
        return text
    try:
        value = yaml.load(text, Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        return text
    return text if isinstance(value, dict) and not text.lstrip().startswith("{") else value


def _set(tree: Any, steps: list[str], value: object, variable: str) -> tuple[str, ...]:
    """Puts the value in its place and returns the keys that lead there, as the file spells them."""
    way: list[str] = []
    for index, step in enumerate(steps):
        if isinstance(tree, list):
            if not _NUMBER.fullmatch(step) or int(step) >= len(tree):
                raise ConfigError(f"{repeated(variable)}: that list has no entry {repeated(step)}; its first is 0.")
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
            raise ConfigError(
                f"{repeated(variable)}: `{repeated('.'.join(way))}` is a single value; nothing stands below it."
            )
    return tuple(way)


def _same_name(name: object, step: str) -> bool:
    return str(name).lower().replace("-", "_") == step.replace("-", "_")

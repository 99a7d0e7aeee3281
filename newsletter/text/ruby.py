"""What Ruby's strings and values do differently from Python's, as far as a Jekyll site shows it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

_SPACE = " \t\n\v\f\r"


def truthy(value: object) -> bool:
    """Only nil and false are false: 0 and "" are not."""
    return value is not None and value is not False


def text(value: Any) -> str:
    """`to_s`: the text that a title or a tag becomes when YAML took it for something else."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} +0000"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, dict)):
        return inspect(value)
    return str(value)


def inspect(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(inspect(each) for each in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{inspect(key)}=>{inspect(each)}' for key, each in value.items())}}}"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{escaped}"'
    return "nil" if value is None else text(value)


def _float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-4 <= abs(value) < 1e16:
        shown = repr(value)
        return shown if "e" not in shown else f"{value:.1f}"
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        mantissa, _, exponent = f"{value:e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
    sign, digits = exponent[0], exponent.lstrip("+-").zfill(2)
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{sign}{digits}"


def words(line: str) -> list[str]:
    """`split` without arguments: at ASCII's white space only, so that 中文　中文 stays one word."""
    if line.isascii():
        return line.split()
    for blank in _SPACE[1:]:
        line = line.replace(blank, " ")
    return [word for word in line.split(" ") if word]


def downcase(line: str) -> str:
    """Σ is σ wherever it stands."""
    return line.replace("Σ", "σ").lower()


def titleize(slug: str) -> str:
    """some-file-name -> Some File Name."""
    parts = slug.split("-")
    while parts and not parts[-1]:
        parts.pop()
    return " ".join(part[:1].title() + downcase(part[1:]) if part else "" for part in parts)


def flatten(values: Iterable[Any]) -> list[Any]:
    flat: list[Any] = []
    for value in values:
        flat.extend(flatten(value)) if isinstance(value, list) else flat.append(value)
    return flat


def union(first: list[Any], second: list[Any]) -> list[Any]:
    """`first | second`: each value once, 1 and true and "1" being three."""
    if not first and len(second) < 2:
        return list(second)
    kept: dict[Any, Any] = {}
    for value in (*first, *second):
        kept.setdefault(value if isinstance(value, str) else (type(value).__name__, repr(value)), value)
    return list(kept.values())

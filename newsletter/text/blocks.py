"""Blocks that a template writes and nothing shows, for what it extends has none of that name: Jinja just drops them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from jinja2 import nodes

_READ_ALONE = {"subject", "preheader"}  # of a notice's text part: shown by the program itself


@dataclass(frozen=True, slots=True)
class Blocks:
    """Of one template: the names of all its blocks, and name and line of those that want to replace another's."""

    names: frozenset[str]
    replacing: tuple[tuple[str, int], ...]


def blocks_of(template: nodes.Template) -> Blocks:
    """A block inside another comes with it; one at the top of a template that extends another replaces or is lost."""
    names = frozenset(block.name for block in template.find_all(nodes.Block))
    extends = any(isinstance(node, nodes.Extends) for node in template.body)
    top = [node for node in template.body if isinstance(node, nodes.Block)]
    return Blocks(names, tuple((block.name, block.lineno) for block in top if extends))


def lost(templates: Sequence[tuple[str, Blocks]]) -> Iterator[tuple[str, int, str]]:
    """File, line, reason and remedy of each block that no other template of these files has."""
    for file, blocks in templates:
        known = _READ_ALONE.union(*(other.names for name, other in templates if name != file))
        for name, line in blocks.replacing:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f"Did you mean `{near[0]}`?" if near else f"There are {', '.join(sorted(known - _READ_ALONE))}."
                yield file, line, f"nothing shows the block `{name}`: what this extends has none of that name. {hint}"

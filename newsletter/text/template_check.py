"""What is wrong with a template and all that it leads to; each file is read once for each time that it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import jinja2
from jinja2 import meta

from newsletter.text.blocks import Blocks, blocks_of, lost
from newsletter.text.mjml_lint import Slip, lint


@dataclass(frozen=True, slots=True)
class _Source:
    """A template as it was read; `leads_to` names those that it includes, imports or extends."""

    file: str
    source: str
    leads_to: tuple[str, ...]
    blocks: Blocks
    is_fresh: Callable[[], bool]


class TemplateCheck:
    """`environment` takes the templates of `loader` apart; none is run."""

    def __init__(self, loader: jinja2.BaseLoader, environment: jinja2.Environment) -> None:
        self._loader = loader
        self._environment = environment
        self._sound: set[tuple[str, str]] = set()  # file and source of templates that passed the linter
        self._read: dict[str, _Source] = {}

    def slips(self, *stems: str) -> list[Slip]:
        """What MJML's compiler or Jinja would swallow in templates, their text twins, and all they lead to.

        `stems` are names without `.mjml` and `.txt`.
        """
        markup, texts = list(self._reached(stems, ".mjml")), list(self._reached(stems, ".txt"))
        slips = []
        for each in markup:
            if (each.file, each.source) not in self._sound:
                found = lint(each.source, each.file)
                slips += found
                if not found:
                    self._sound.add((each.file, each.source))
        for family in (markup, texts):
            slips += [Slip(*found) for found in lost([(each.file, each.blocks) for each in family])]
        return slips

    def _reached(self, stems: tuple[str, ...], kind: str) -> Iterator[_Source]:
        """Every template of a kind that these lead to. What is missing or broken, rendering says."""
        seen: set[str] = set()
        waiting = [stem + kind for stem in stems]
        while waiting:
            current = waiting.pop()
            if current in seen or not current.endswith(kind):
                continue
            seen.add(current)
            try:
                read = self._source(current)
            except (jinja2.TemplateNotFound, jinja2.TemplateSyntaxError):
                continue
            waiting += read.leads_to
            yield read

    def _source(self, name: str) -> _Source:
        """As it is now. Reading and parsing cost more than writing an issue, so they are done once for each change."""
        read = self._read.get(name)
        if read is None or not read.is_fresh():
            source, file, is_fresh = self._loader.get_source(self._environment, name)
            parsed = self._environment.parse(source)
            named = tuple(filter(None, meta.find_referenced_templates(parsed)))
            read = _Source(file or name, source, named, blocks_of(parsed), is_fresh or (lambda: False))
            self._read[name] = read
        return read

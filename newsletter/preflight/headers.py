"""The header block as it travels, and fields that stand there too often or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newsletter.domain.finding import REPORT, Finding, block
from newsletter.preflight.examined import Examined


def header_block(examined: Examined) -> bytes:
    return examined.raw.partition(b"\r\n\r\n")[0]


def header_fields(examined: Examined) -> list[bytes]:
    """Each field with its folded lines."""
    return re.split(rb"\r\n(?![ \t])", header_block(examined))


def miscounted(examined: Examined, once: Iterable[str], at_most_once: Iterable[str]) -> Iterator[Finding]:
    """Fields of a message that do not stand there as often as they may."""
    allowed = dict.fromkeys(once, (1,)) | dict.fromkeys(at_most_once, (0, 1))
    for name, right in allowed.items():
        if (times := len(examined.message.get_all(name, []))) not in right:
            yield block(name, f"The header {name} stands there {times} times; it belongs there once.", REPORT)

"""Where in a message something stands, in words that lead there."""

from __future__ import annotations

from collections import deque
from xml.etree.ElementTree import Element

_LONGEST = 40
_FAR_ENOUGH = 60  # elements into which a first text is looked for


def place_of(element: Element) -> str:
    """`<td class="soft"> "Friday, 20 November"`: an element, and the first words in it."""
    marks = "".join(f' {name}="{_short(element.get(name, ""))}"' for name in ("class", "src") if element.get(name))
    told = first_words(element)
    return f"<{element.tag}{marks}>" + (f" “{told}”" if told else "")


def first_words(element: Element) -> str:
    """The first text in an element, shortened; "" where there is none."""
    waiting: deque[tuple[Element, bool]] = deque([(element, False)])
    for _ in range(_FAR_ENOUGH):
        if not waiting:
            break
        one, only_tail = waiting.popleft()
        text = one.tail if only_tail else one.get("alt") or one.text
        if text and text.strip() and one.tag not in ("style", "script"):
            return _short(text)
        if not only_tail:
            waiting.extendleft(each for child in reversed(one) for each in ((child, True), (child, False)))
    return ""


def _short(text: str) -> str:
    told = " ".join(text.split())
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1].rstrip()}…"

"""What the links say: somebody who hears them one by one must know where each leads."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from newsletter.domain.finding import Finding, warn
from newsletter.domain.urls import canonical
from newsletter.preflight.examined import Examined
from newsletter.preflight.listing import first_of
from newsletter.preflight.page import words
from newsletter.text.plain import one_line

# Alone they say nothing; lower case, in the languages that editions are likely to have.
_EMPTY_WORDS = frozenset(
    """here|click|click here|this|this link|link|more|read more|read on|learn more|go|details|continue|see more|hier
    |hier klicken|mehr|mehr lesen|weiterlesen|weiter|ici|cliquez ici|lire la suite|en savoir plus|plus|suite|aquí
    |haz clic aquí|leer más|más|qui|clicca qui|leggi di più|leggi tutto|aqui|clique aqui|leia mais|saiba mais|lees meer
    |lees verder|meer|tutaj|kliknij tutaj|więcej|czytaj więcej|здесь|тут|подробнее|читать далее|点击这里|这里|更多
    |阅读更多|こちら|続きを読む|もっと見る|اضغط هنا|هنا|المزيد|اقرأ المزيد""".replace("\n", "")
    .replace("    ", "")
    .split("|")
)
_BARE = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def says_nothing(examined: Examined) -> Iterator[Finding]:
    """ "here", "read more" and nothing else."""
    titles = _titles(examined)
    said = [told for link in examined.page.links if (told := name_of(link)) and _bare_words(told) in _EMPTY_WORDS]
    if vague := [told for told in said if told.casefold() not in titles]:
        reason = f"Links whose words do not tell where they lead: “{first_of(vague)}”."
        yield warn("HTML", reason, "Name what stands there, or give the link an aria-label.")


def has_no_words(examined: Examined) -> Iterator[Finding]:
    """Nothing, or a picture without a text: a voice reads the address aloud, letter by letter."""
    silent = [link.get("href", "") for link in examined.page.links if not name_of(link)]
    if silent:
        yield warn(
            "HTML", f"Links without words: {first_of(silent)}.", "Write some, or give their picture an alt text."
        )


def bare_address(examined: Examined) -> Iterator[Finding]:
    titles = _titles(examined)
    said = [name_of(link) for link in examined.page.links]
    if bare := [told for told in said if _BARE.fullmatch(told) and told.casefold() not in titles]:
        yield warn("HTML", f"A link's words are its bare address: {first_of(bare)}.", "Say what stands there.")


def same_words(examined: Examined) -> Iterator[Finding]:
    """Two links that sound alike and lead apart. Titles of stories may: their authors chose them."""
    titles = _titles(examined)
    targets: dict[str, set[str]] = defaultdict(set)
    for link in examined.page.links:
        if (told := name_of(link)) and told.casefold() not in titles:
            targets[told].add(canonical(link.get("href", "")))
    if alike := [told for told, places in targets.items() if len(places) > 1]:
        reason = f"Links with the same words lead to different places: “{first_of(alike)}”."
        yield warn("HTML", reason, "Tell them apart, by their words or by an aria-label.")


def name_of(link: Element) -> str:
    """What somebody hears of it: its aria-label before its words."""
    return one_line(link.get("aria-label", "")) or words(link)


def _bare_words(told: str) -> str:
    return told.casefold().strip(" .…»›→>!:")


def _titles(examined: Examined) -> set[str]:
    return {one_line(story.title).casefold() for story in examined.issue.stories}

"""The text part: it says what the HTML says, in lines that any program can show."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.finding import Finding, warn
from newsletter.preflight.addresses import is_web
from newsletter.preflight.examined import Examined
from newsletter.preflight.listing import first_of, squeezed
from newsletter.text.columns import width
from newsletter.text.plain import one_line

MOST_COLUMNS = 78  # RFC 5322 advises them
_URL = re.compile(r"https?://[^\s<>\"]+")
_ENTITY = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|shy|zwnj|hellip|mdash|ndash|[lr][sd]quo|#\d{2,6}|#x[0-9a-f]{2,5});", re.I
)
_TAG = re.compile(r"</?(?:a|p|br|div|span|table|t[dr]|img|h[1-6]|b|strong|em|i|ul|li)(?:\s[^<>\n]*)?/?>", re.I)


def no_text_part(examined: Examined) -> Iterator[Finding]:
    if not examined.issue.text.strip():
        yield warn("text", "There is no text part. Some readers see nothing but that.", "Write the .txt template.")


def title_missing(examined: Examined) -> Iterator[Finding]:
    """Each story's title, in both parts."""
    parts = {"text": squeezed(examined.text), "HTML": squeezed(examined.page.said)}
    titles = [story.title for story in examined.issue.stories if one_line(story.title)]
    for part, said in parts.items():
        missing = [title for title in titles if squeezed(title) not in said]
        if said and missing:
            reason = f"The {part} part does not name {len(missing)} of {len(titles)} stories: {first_of(missing)}."
            yield warn(part, reason, "Its template leaves them out.")


def link_missing_in_text(examined: Examined) -> Iterator[Finding]:
    """Each web address that the HTML links to; those of stories have a rule of their own."""
    if not examined.text.strip():
        return
    there = _addresses(examined.text) | {story.url for story in examined.issue.stories}
    if missing := [url for url in dict.fromkeys(examined.page.targets) if is_web(url) and url not in there]:
        reason = f"The text part lacks links that the HTML has: {first_of(missing)}."
        yield warn("text", reason, "Add them to the .txt template.")


def link_missing_in_html(examined: Examined) -> Iterator[Finding]:
    """Each web address that stands in the text, but for one that is part of a sentence in both."""
    linked = set(examined.page.targets)
    said = examined.page.said
    missing = [url for url in _addresses(examined.text) if url not in linked and url not in said]
    if missing and examined.html.strip():
        reason = f"The text part has links that the HTML lacks: {first_of(missing)}."
        yield warn("HTML", reason, "Add them to the .mjml template.")


def long_line(examined: Examined) -> Iterator[Finding]:
    """An address may be as long as it is; so may a word that cannot be broken."""
    long = [
        line
        for line in examined.text.splitlines()
        if 2 * len(line) > MOST_COLUMNS < width(line) and _can_be_broken(line)
    ]
    if long:
        shown = first_of([line[:60] for line in long])
        reason = f"Lines of the text part are longer than {MOST_COLUMNS} columns: “{shown}”."
        yield warn("text", reason, "Send what is long through the filter `wrap`.")


def markup_left(examined: Examined) -> Iterator[Finding]:
    """A post may write of HTML: what stands as such in the HTML part too is its words."""
    said = examined.page.said
    found = [one[0] for pattern in (_ENTITY, _TAG) for one in pattern.finditer(examined.text)]
    if left := [piece for piece in found if piece not in said]:
        yield warn(
            "text", f"HTML is left in the text part: {first_of(left)}.", "Its template escapes what it should not."
        )


def _addresses(text: str) -> set[str]:
    """As they stand; an address in a sentence without the full stop or bracket behind it."""
    found = _URL.finditer(text)
    return {one[0] if _ends_its_line(text, one) else one[0].rstrip(".,;:!?)]»”’'") for one in found}


def _ends_its_line(text: str, url: re.Match[str]) -> bool:
    """Then a bracket at its end is the address's own, unless one opened right before it; a full stop there is not."""
    in_brackets = text.endswith("(", 0, url.start()) and url[0].count(")") > url[0].count("(")
    return text[url.end() : url.end() + 1] in ("", "\n", "\r") and url[0][-1] not in ".,;:!?" and not in_brackets


def _can_be_broken(line: str) -> bool:
    longest = max((width(word) for word in line.split()), default=0)
    return longest <= MOST_COLUMNS and not _URL.search(line)

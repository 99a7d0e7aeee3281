"""Whether somebody answers where the links lead. Silent where nobody asked; never more than a warning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from newsletter.domain.answer import Answer
from newsletter.domain.finding import Finding, warn
from newsletter.preflight.addresses import host_of, to_ask
from newsletter.preflight.examined import Examined
from newsletter.preflight.listing import first_of
from newsletter.preflight.page import words

_SHOWN = 10  # findings of one kind; a host that is down would fill a screen


def dead_link(examined: Examined) -> Iterator[Finding]:
    """A host that gave no answer at all is told once, whatever leads there."""
    dead = [(link, answer) for link, answer in _answered(examined, "a", "href") if answer.is_dead]
    silent: dict[tuple[str, str], list[str]] = defaultdict(list)
    for _, answer in dead:
        if not answer.status:
            silent[host_of(answer.url), answer.trouble].append(answer.url)
    for (host, trouble), urls in list(silent.items())[:_SHOWN]:
        reason = f"{host} does not answer: {trouble}. Links there: {first_of(urls)}."
        yield warn("links", reason, "Open one yourself before you send.")
    refused = [(link, answer) for link, answer in dead if answer.status]
    for link, answer in refused[:_SHOWN]:
        remedy = "Correct the address, or take the link out." if answer.is_gone else "Open it yourself before you send."
        yield warn(_place(link), f"{_trouble(answer)} at {answer.url}.", remedy)
    if (rest := len(refused) - _SHOWN) > 0:
        yield warn("links", f"{rest} more links lead to errors.", "Look at the first ones.")


def moved_link(examined: Examined) -> Iterator[Finding]:
    moved = [answer for _, answer in _answered(examined, "a", "href") if answer.moved_to and not answer.is_dead]
    if moved:
        reason = f"Links that have moved for good: {first_of([f'{one.url} → {one.moved_to}' for one in moved])}."
        yield warn("links", reason, "They work; the new address saves readers a detour.")


def leads_inside(examined: Examined) -> Iterator[Finding]:
    """A public name that stands for, or redirects to, a private address. The guard did not go there."""
    found = [answer for _, answer in (*_answered(examined, "a", "href"), *_answered(examined, "img", "src"))]
    for answer in [one for one in found if one.private][:_SHOWN]:
        yield warn("links", f"{answer.url} was not followed: {answer.trouble}.", "Readers cannot get there either.")


def dead_picture(examined: Examined) -> Iterator[Finding]:
    """Those of one host that all have the same trouble are told of once."""
    dead: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for picture, answer in _answered(examined, "img", "src"):
        place = f"picture “{picture.get('alt', '') or answer.url.rpartition('/')[2]}”"
        if answer.is_dead:
            dead[host_of(answer.url), _trouble(answer)].append((place, answer.url))
        elif 200 <= answer.status < 300 and answer.kind and not _may_be_picture(answer.kind):
            yield warn(place, f"{answer.url} is {answer.kind}, not a picture.", "Name another.")
    for (host, trouble), found in list(dead.items())[:_SHOWN]:
        place = found[0][0] if len(found) == 1 else f"{len(found)} pictures"
        reason = f"Readers would see a gap. {trouble}: {first_of([url for _, url in found])}."
        yield warn(place, reason, _picture_remedy(examined, host))


def not_all_asked(examined: Examined) -> Iterator[Finding]:
    if not examined.known.asked:
        return
    if left := [url for url in to_ask(examined) if url not in examined.known.answers]:
        reason = f"There was no time to look at all addresses: {first_of(left)}."
        yield warn("links", reason, "Check again: what answered is not asked twice within an hour.")


def _answered(examined: Examined, tag: str, attribute: str) -> Iterator[tuple[Element, Answer]]:
    """Elements whose address the web was asked for, each address once."""
    told = set()
    for element in examined.page.all(tag):
        url = element.get(attribute, "").strip()
        if url not in told and (answer := examined.known.answers.get(url)):
            told.add(url)
            yield element, answer


def _trouble(answer: Answer) -> str:
    if answer.is_gone:
        return f"There is nothing ({answer.status})"
    return f"The server has a fault ({answer.status})" if answer.status else answer.trouble.capitalize()


def _place(link: Element) -> str:
    told = words(link)
    return f"link “{first_of([told])}”" if told else "link"


def _picture_remedy(examined: Examined, host: str) -> str:
    if host == examined.known.media_host:
        return "Copy the media folder to where `media_url` points."
    if host == host_of(examined.edition.site_url):
        return "Does `newsletter serve` answer there, and does it have this media folder?"
    return "Name another picture, or let the post have none."


def _may_be_picture(kind: str) -> bool:
    return kind.startswith("image/") or kind in ("application/octet-stream", "binary/octet-stream")

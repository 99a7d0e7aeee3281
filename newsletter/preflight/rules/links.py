"""Where the links lead, as far as their writing tells. Whether somebody answers there: reach.py."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote

from newsletter.domain.finding import Finding, warn
from newsletter.errors import AddressError
from newsletter.preflight.addresses import host_of, is_private, is_web
from newsletter.preflight.examined import Examined
from newsletter.preflight.listing import first_of
from newsletter.text.address import normalise

# Names that programs append to a link to count it.
_TRACKING = re.compile(r"(?:utm_|mc_|mtm_|pk_|hsa_|_hs|vero_|oly_|(?:fb|g|dc|ms|tw|y)clid$|igshid$|mkt_tok$|ref_src$)")
_OTHER_SCHEMES = ("mailto:", "tel:", "sms:")


def to_this_machine(examined: Examined) -> Iterator[Finding]:
    """Links and pictures on localhost or a private network: they work for the operator, and for nobody else."""
    if private := sorted({url for url in (*examined.page.targets, *examined.page.sources) if is_private(url)}):
        what = "A link leads" if len(private) == 1 else f"{len(private)} links or pictures lead"
        reason = f"{what} to this machine or a private network, where no reader gets to: {first_of(private)}."
        yield warn("HTML", reason, "Is `site.url` right, and the `url` of the source?")


def leads_nowhere(examined: Examined) -> Iterator[Finding]:
    if empty := sum(target in ("", "#") for target in examined.page.targets):
        yield warn("HTML", f"Links that lead nowhere: {empty}.", "Give each an address, or take it out.")


def not_absolute(examined: Examined) -> Iterator[Finding]:
    """A mail has no address of its own that a relative link could begin from."""
    relative = [target for target in examined.page.targets if target.lstrip("#") and not _is_absolute(target)]
    anchors = {element.get("id") for element in examined.page.root.iter()}
    anchors |= {element.get("name") for element in examined.page.all("a")}
    if lost := [target for target in relative if target.removeprefix("#") not in anchors or target[0] != "#"]:
        reason = f"Links that are not absolute lead nowhere from a mail: {first_of(lost)}."
        yield warn("HTML", reason, "Write them whole, https:// in front.")


def not_secure(examined: Examined) -> Iterator[Finding]:
    """Plain http, though the same host is named with https elsewhere, or said itself that it has moved there."""
    targets = [target for target in (*examined.page.targets, *examined.page.sources) if is_web(target)]
    secure = {host_of(target) for target in targets if target.lower().startswith("https:")}
    answers = examined.known.answers
    plain = [
        target
        for target in dict.fromkeys(targets)
        if target.lower().startswith("http:")
        and (host_of(target) in secure or (target in answers and answers[target].moved_to.startswith("https:")))
    ]
    if plain:
        reason = f"Links or pictures over http whose host has https: {first_of(plain)}."
        yield warn("HTML", reason, "Write https:// into the source's or the site's `url`.")


def doubled_tracking(examined: Examined) -> Iterator[Finding]:
    """`?utm_source=a&utm_source=b`: two programs marked the link, and statistics count one of them."""
    for target in dict.fromkeys(examined.page.targets):
        names = Counter(_parameter_names(target))
        if doubled := sorted(name for name, times in names.items() if times > 1 and _TRACKING.match(name)):
            reason = f"A link carries {', '.join(doubled)} twice: {target[:120]}."
            yield warn("HTML", reason, "Let one program mark the links, not two.")
            return


def bad_mailto(examined: Examined) -> Iterator[Finding]:
    bad = [target for target in examined.page.targets if target.lower().startswith("mailto:") and not _mailable(target)]
    if bad:
        yield warn("HTML", f"A mail link names no mailbox: {first_of(bad)}.", "Write mailto:name@example.org.")


def _is_absolute(target: str) -> bool:
    return is_web(target) or target.lower().startswith(_OTHER_SCHEMES)


def _parameter_names(target: str) -> list[str]:
    """Also those behind a second ?, which careless programs append, and behind a #, which some read."""
    asked = re.split(r"[?&;#]", target)[1:]
    return [unquote(one.partition("=")[0]).lower() for one in asked if "=" in one]


def _mailable(target: str) -> bool:
    """`mailto:` may name several, and none at all when a header names somebody."""
    path, _, query = target[len("mailto:") :].partition("?")
    names = [unquote(name).strip() for name in path.split(",") if name.strip()]
    if not names:
        return any(key.lower() in ("to", "cc", "bcc") and value for key, value in parse_qsl(query))
    try:
        return all(normalise(name) for name in names)
    except AddressError:
        return False

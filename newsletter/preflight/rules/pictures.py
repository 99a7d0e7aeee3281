"""Pictures, and what is left of the message without them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from newsletter.domain.finding import Finding, block, warn
from newsletter.preflight.examined import Examined
from newsletter.preflight.listing import first_of
from newsletter.preflight.page import words

LONGEST_DATA = 4 * 1024  # characters of a `data:` address; 40 in 100 readers' programs do not show it at all
_ADDRESSES = ("https://", "http://", "cid:", "data:")
LEAST_WORDS = 20  # that a message with a picture says in letters
_FILE_NAME = re.compile(
    r"\S+\.(?:jpe?g|png|gif|webp|avif|svg|bmp|tiff?|heic)|(?:img|dsc|image|screenshot)[-_ ]?\d+", re.I
)


def no_alt(examined: Examined) -> Iterator[Finding]:
    without = sum("alt" not in picture.attrib for picture in examined.page.all("img"))
    if without:
        reason = f"Pictures without an alt attribute: {without}. Readers without pictures learn nothing of them."
        yield warn("HTML", reason, 'Give each an `alt`, an empty one (`alt=""`) where it is decoration.')


def alt_is_a_file(examined: Examined) -> Iterator[Finding]:
    names = [alt for picture in examined.page.all("img") if _FILE_NAME.fullmatch(alt := picture.get("alt", "").strip())]
    if names:
        reason = f"A picture's alternative text is the name of a file: {first_of(names)}."
        yield warn("HTML", reason, "Say what there is to see: `image_alt` in the post's front matter.")


def no_size(examined: Examined) -> Iterator[Finding]:
    """Without a size the text jumps when the picture comes, and Outlook shows it as large as its file."""
    pictures = [one for one in examined.page.all("img") if not _is_tiny(one.attrib)]
    without = [
        one.get("src", "") for one in pictures if not all(_is_size(one.get(way, "")) for way in ("width", "height"))
    ]
    if without:
        reason = f"Pictures without width and height: {len(without)} of {len(pictures)}, first {first_of(without[:1])}."
        remedy = "Write both as attributes, in pixels; CSS may overrule them. For a logo set `design.logo_height`."
        yield warn("HTML", reason, remedy)


def no_address(examined: Examined) -> Iterator[Finding]:
    """A mail has no address of its own that a relative one could begin from."""
    if lost := [source for source in examined.page.sources if not source.lower().startswith(_ADDRESSES)]:
        reason = f"Nobody sees pictures whose address is incomplete: {first_of([one or '(none)' for one in lost])}."
        yield warn("HTML", reason, "Write https:// and the host in front.")


def heavy_data(examined: Examined) -> Iterator[Finding]:
    data = [len(source) for source in examined.page.sources if source.lower().startswith("data:")]
    if data and max(data) > LONGEST_DATA:
        reason = (
            f"A picture of {max(data) // 1024} KB stands in the HTML itself (data:); Gmail and Outlook do not show it."
        )
        yield warn("HTML", reason, "Link to the picture, or attach it (cid:).")


def not_attached(examined: Examined) -> Iterator[Finding]:
    """A picture under `cid:` travels with the message, as a part with that Content-ID."""
    if not examined.raw:
        return
    there = {str(part["Content-ID"]).strip().strip("<>") for part in examined.message.walk() if part["Content-ID"]}
    named = [unquote(source[len("cid:") :]) for source in examined.page.sources if source.lower().startswith("cid:")]
    if missing := [name for name in dict.fromkeys(named) if name not in there]:
        yield block(
            "HTML", f"A picture should travel with the mail and does not: {first_of(missing)}.", "Build it again."
        )


def only_a_picture(examined: Examined) -> Iterator[Finding]:
    """Spam filters distrust it, and whoever sees no pictures sees nothing."""
    if not any(not _is_tiny(picture.attrib) for picture in examined.page.all("img")):
        return
    alts = sum(len(picture.get("alt", "").split()) for picture in examined.page.all("img"))
    said = len(re.findall(r"\w+", examined.page.said)) - alts
    linked = sum(
        len(re.findall(r"\w+", words(link))) for link in examined.page.links if link.get("href") == examined.way_out
    )
    if said - linked < LEAST_WORDS:
        yield warn("HTML", "The message is hardly more than a picture.", "Say in letters what the picture says.")


def _is_size(value: str) -> bool:
    return bool(re.fullmatch(r"[1-9]\d{0,3}(?:px|%)?", value.strip()))


def _is_tiny(attributes: dict[str, str]) -> bool:
    """A pixel that counts or spaces."""
    return any(attributes.get(way, "") in ("0", "1") for way in ("width", "height"))

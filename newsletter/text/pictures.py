"""The picture that stands for a post."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.domain.post import Markup, Post
from newsletter.text.kramdown import without_data
from newsletter.text.links import absolute
from newsletter.text.plain import one_line

_WEB = re.compile(r"https?://[^/\s]+/.", re.IGNORECASE)
_HEAD = 100_000  # characters of a body that are searched
_FENCED = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL | re.MULTILINE)
_PICTURE = re.compile(
    r"!\[(?P<alt>[^\[\]]{0,500})\]\(\s*<?(?P<src>[^\s()<>]{1,1000}(?:\([^\s()]{0,200}\)[^\s()<>]{0,300})?)>?(?P<title>[^()\n]{0,300})\)"
    r"(?P<list>\{:[^}\n]{0,300}\})?"
    r"|!\[(?P<alt2>[^\[\]]{0,500})\] ?\[(?P<ref>[^\[\]\n]{0,200})\]"
    r"|<img\b(?P<tag>[^<>]{1,3000})>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"([\w-]{1,40})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_TINY = re.compile(r"(?:width|height)\s*[=:]\s*[\"']?\s*(?:[0-9]|[1-5][0-9])(?:px)?\s*(?:[\"';\s}]|$)", re.IGNORECASE)
_NO_PICTURE = re.compile(
    r"shields\.io|badge|travis-ci\.|gravatar\.|/avatars?[/.]|feedburner|feeds\.\w+\.com/~|doubleclick|/pixel|pixel\.|1x1"
    r"|spacer|blank\.gif|transparent\.|/smil(?:ies|eys)/|/emojis?/|wp-includes/images|stats\.wordpress|google-analytics"
    r"|addthis|sharethis|/icons?/|favicon|count(?:er)?\.(?:gif|png|php)|\.svg(?:$|[?#])|^data:",
    re.IGNORECASE,
)


def is_no_picture(address: str) -> bool:
    """Whether it is the address of a badge, an avatar, an emoji or a pixel that counts."""
    return bool(_NO_PICTURE.search(address))


def first_image(post: Post) -> tuple[str, str] | None:
    """The post's own picture, else the first real one of its body: an absolute web address and its alternative text.

    A picture of the post's own without such a text has the one that its body gives it, if it shows there too.
    Pixels that count readers, badges, avatars and emoji are no pictures; neither is what lies on a private address, but
    where a post names nothing else: then that is the answer, so that whoever does not go there says so.
    """
    if post.image and (link := _web(post.image, post.url)):
        return link, one_line(post.image_alt) or _alt_in_body(post, link)
    private = (post.image, one_line(post.image_alt)) if post.image and _WEB.match(post.image) else None
    for source, alternative in _pictures(post):
        link = None if is_no_picture(source) else _web(source, post.url)
        if link:
            return link, one_line(html.unescape(alternative))
    return private


def _alt_in_body(post: Post, link: str) -> str:
    said = (alternative for source, alternative in _pictures(post) if _web(source, post.url) == link)
    return next((text for alternative in said if (text := one_line(html.unescape(alternative)))), "")


def _pictures(post: Post) -> Iterator[tuple[str, str]]:
    """Source and alternative text of each picture in the body, as they are written there."""
    if post.markup is Markup.TEXT:
        return iter(())
    return _candidates(_FENCED.sub("", without_data(post.body)[:_HEAD]))


def _web(link: str, base: str) -> str | None:
    found = absolute(html.unescape(link), base)
    if not found or found.lower().startswith("mailto:"):
        return None
    return found if urlsplit(found).path.strip("/") else None


def _candidates(body: str) -> Iterator[tuple[str, str]]:
    for picture in _PICTURE.finditer(body):
        if picture["tag"]:
            if not _TINY.search(picture["tag"]):
                yield from _of_tag(picture["tag"])
        elif picture["src"]:
            if not _TINY.search(picture["list"] or ""):
                yield picture["src"], picture["alt"]
        elif target := _reference(body, picture["ref"] or picture["alt2"]):
            yield target, picture["alt2"]


def _of_tag(tag: str) -> Iterator[tuple[str, str]]:
    values = {found[1].lower(): found[2] or found[3] or found[4] or "" for found in _ATTRIBUTE.finditer(tag)}
    source = values.get("src", "")
    if not source or source.startswith("data:"):
        source = values.get("data-src") or values.get("data-lazy-src") or values.get("data-original") or source
    if source:
        yield source.strip(), values.get("alt", "")


def _reference(body: str, name: str) -> str | None:
    if not name:
        return None
    found = re.search(
        rf"^ {{0,3}}\[{re.escape(name)}\]:[ \t]*<?(\S{{1,1000}}?)>?(?:\s|$)", body, re.MULTILINE | re.IGNORECASE
    )
    return found[1] if found else None

"""A post's excerpt and reading time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice

from newsletter.domain.post import Markup, Post
from newsletter.text.boilerplate import is_author_bio, is_note, without_requests
from newsletter.text.html import to_text
from newsletter.text.markdown_passages import inline_text
from newsletter.text.passage import Kind, Passage
from newsletter.text.passages import passages
from newsletter.text.pictures import first_image
from newsletter.text.plain import count_words, is_dense, one_line
from newsletter.text.sentences import ELLIPSIS, is_closed, sentences, shortened

__all__ = ["excerpt", "first_image", "minutes"]

MORE = "<!--more-->"  # where an author ends the excerpt
WORDS_PER_MINUTE = 230
_MOST_PASSAGES = 60  # an excerpt that has not begun by then never will
_FEWEST = 8  # words of prose; a post with less is a list, and its items or quotes speak
_A_FEW = 5  # words of an excerpt; less is a label
_ROOM = 60  # words; where there is more, an excerpt of a few words is followed by the body's
_LONG_FOR_A_LINE = 100  # characters; what is longer and ends without a full stop was cut by a machine
_ELLIPSES = re.compile(r"[ \[(]*(?:…|\.\.\.)[\])]*$")
_NO_LETTER = re.compile(r"[\W_]+")
_FENCED = re.compile(r"^ {0,3}(```|~~~).*?^ {0,3}\1", re.DOTALL | re.MULTILINE)
_ADDRESS = re.compile(
    r"(?:(?<!\w)https?:|(?<![\w:/]))//(?:www\.)?(\w[\w-]*(?:\.[\w-]+)+)((?::\d+)?(?:/[^\s<>\"“”()]*[\w=-])?/?)",
    re.IGNORECASE,
)
_STRAY_LINK = re.compile(r"\[([^\[\]]{1,300})\]\((?:https?:)?/[^\s()]{0,500}\)")
_LONGEST_ADDRESS = 32  # characters that a reader takes in; of a longer one the host says enough
_LEADS_ON = re.compile(
    r"(?:^|\s)(?:an?|and|as|at|by|for|from|in|into|is|of|on|or|our|than|that|the|their|to|with|your)$"
)
_SYNTAX = re.compile(r"<[^<>]{0,2000}>|(?<=\])\([^()\s]*\)|https?://\S+|^[ \t]*[#>*+|-]+[ \t]", re.MULTILINE)


def excerpt(post: Post, words: int) -> str:
    """What the post says, in at most `words` words of plain text on one line.

    The author's own excerpt where it is whole, else the first real sentences of the body. Ends with a sentence, or
    at a word with "…". "" when the post has no words.
    """
    if words < 1:
        return ""
    own = _own(post)
    if own and not _is_cut(own) and count_words(own) * 3 >= words:
        return shortened(sentences(own), words)
    told = _from_body(post, words)
    if own and _begins_alike(own, told):
        return shortened(told, words)
    if not own:
        return shortened(told, words)
    alone = words < _ROOM and _says_enough(own)
    if _is_cut(own):
        own = _mended(own, post.body)
    if alone or count_words(own) * 3 >= words or not told:
        return shortened(sentences(own), words)
    return shortened([*_closed(sentences(own)), *told], words)


_WHOLE = 100  # words; of a feed's item with fewer nobody knows whether there are more on its page


def minutes(post: Post) -> int:
    """Reading time in whole minutes, at least 1; code is skimmed, and does not count.

    0 where a feed gives so few words that they may be the beginning of any length.
    """
    words = count_words(_SYNTAX.sub(" ", _FENCED.sub(" ", post.body)))
    if post.path is None and words < _WHOLE:
        return 0
    return max(1, round(words / WORDS_PER_MINUTE))


def _own(post: Post) -> str:
    """The author's excerpt as plain text, "" where it only wants something from the reader."""
    if not post.excerpt.strip():
        return ""
    text = post.excerpt[:10_000]
    text = inline_text(text, set()) if post.markup is Markup.MARKDOWN else to_text(text) if "<" in text else text
    return " ".join(without_requests(_as_said(one_line(text))))


def _says_enough(own: str) -> bool:
    """Whether its author's own excerpt will do where there is no room for much more: a sentence, or some words."""
    return not _is_cut(own) and (is_closed(own) or count_words(own) >= _A_FEW)


def _is_cut(own: str) -> bool:
    if _ELLIPSES.search(own):
        return True
    return len(own) >= _LONG_FOR_A_LINE and not is_closed(own)


def _mended(own: str, body: str) -> str:
    """A cut excerpt that is not the body's beginning: back to its last whole sentence, or its last whole word."""
    bare = _ELLIPSES.sub("", own)
    whole = sentences(bare)
    if len(whole) > 1 and not is_closed(whole[-1]) and count_words(" ".join(whole[:-1])) >= _FEWEST:
        return " ".join(whole[:-1])
    last = re.search(r"\w+$", bare)
    half = bool(last) and not re.search(rf"(?<!\w){re.escape(last[0])}(?!\w)", body) if last else False
    if last and half and re.search(rf"(?<!\w){re.escape(last[0])}\w", body):
        return bare[: last.start()].rstrip(" ,;:–—-") + ELLIPSIS
    return bare.rstrip(" ,;:–—-") + ELLIPSIS if bare != own else own


def _begins_alike(own: str, told: list[str]) -> bool:
    """Whether an excerpt is (the beginning of) what the body says at its beginning; its last word may be cut."""
    letters = _NO_LETTER.sub("", _ELLIPSES.sub("", own)).casefold()
    body = _NO_LETTER.sub("", " ".join(told)).casefold()
    return bool(body) and (letters in body or body in letters or (len(body) > 40 and letters.startswith(body[:40])))


def _from_body(post: Post, words: int) -> list[str]:
    """The first real sentences of the body, somewhat more than `words` words of them."""
    title = _NO_LETTER.sub("", post.title).casefold()
    prose: list[str] = []
    everything: list[str] = []  # in the order of the page, what is no prose too
    size = 0
    found = _real(post, title)
    for passage, following in _with_following(islice(found, _MOST_PASSAGES)):
        text = _as_said(passage.text)
        told = [sentence for sentence in without_requests(text) if sentence not in prose]
        if not told or (prose and is_author_bio(passage.text)):
            continue
        if passage.kind is not Kind.PARAGRAPH:
            everything += _closed([text])
            continue
        if told[-1].endswith((":", "：")):
            told = _led_on(told, following, bool(prose))
        else:
            told = _closed(_with_its_end(told, bool(prose)))
        prose += told
        everything += told
        size += sum(map(count_words, told))
        if size > words + _FEWEST:
            break
    return prose if size >= _FEWEST else everything


def _as_said(text: str) -> str:
    """Addresses as people say them: no scheme, of a long one only the host, and of a linked one nothing."""
    if "//" not in text:
        return text
    text = _STRAY_LINK.sub(r"\1", text)
    return _ADDRESS.sub(lambda at: at[1] + (at[2].rstrip("/") if len(at[1] + at[2]) <= _LONGEST_ADDRESS else ""), text)


def _real(post: Post, title: str) -> Iterator[Passage]:
    for passage in _up_to_its_end(post) or passages(post):
        if not is_note(passage) and (not title or _NO_LETTER.sub("", passage.text).casefold() != title):
            yield passage


def _up_to_its_end(post: Post) -> list[Passage]:
    """What stands before the author's mark; nothing where there is none, or no words before it."""
    before, mark, _ = post.body.partition(MORE)
    return list(islice(passages(replace(post, body=before)), _MOST_PASSAGES)) if mark else []


def _with_following(found: Iterator[Passage]) -> Iterator[tuple[Passage, list[Passage]]]:
    """Each passage with the items or the quote that come right after it."""
    waiting: Passage | None = None
    following: list[Passage] = []
    for passage in chain(found, [None]):
        if waiting and passage and passage.kind is not Kind.PARAGRAPH and len(following) < 12:
            following.append(passage)
            continue
        if waiting:
            yield waiting, following
            for one in following:
                yield one, []
        waiting, following = passage, []


def _led_on(told: list[str], following: list[Passage], told_before: bool) -> list[str]:
    """A sentence that ends with a colon takes the list or quote that it introduces along, or goes."""
    if following and following[0].kind is Kind.QUOTE:
        return [*told, *_closed([following[0].text])]
    if following:
        items = [passage.text.rstrip(" .;,") for passage in following]
        return [*told[:-1], *_closed([f"{told[-1]} {'; '.join(items)}"])]
    if told_before or len(told) > 1:
        return told[:-1]
    return _closed([bare] if (bare := told[-1].rstrip(":： ")) else [])


def _with_its_end(told: list[str], told_before: bool) -> list[str]:
    """Without a last sentence that runs into something that is no text, if that leaves any."""
    return told[:-1] if _LEADS_ON.search(told[-1]) and (told_before or len(told) > 1) else told


def _closed(told: list[str]) -> list[str]:
    """The last sentence with a full stop, as something will follow it."""
    if not told or is_closed(told[-1]) or not told[-1][-1].isalnum():
        return told
    return [*told[:-1], told[-1] + ("。" if is_dense(told[-1][-1]) else ".")]

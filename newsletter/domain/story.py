"""When two posts tell one story. Pure rules over what was compared; the comparing is text.likeness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from newsletter.domain.headline import Headline, is_a_stage_more, is_figure

SAME_NEWS = timedelta(days=4)  # one headline within these days is one story: a weekly series comes again after seven
REWRITTEN = timedelta(days=21)  # a body that was reworked is looked for this far
_SENTENCE = 6  # words; of fewer nothing can be said
_ONE_TEXT = 0.97  # so much of two bodies is shared by what is one text
_MOULD = 60  # words; a longer text tells a story of its own
TEASER = 25  # words; a shorter body is no evidence against anything


class Titles(Enum):
    """How two headlines stand to each other.

    EQUAL: one wording under its wrapping. LOOSE: equal when unknown lead-ins go from both. SERIES: alike but for a
    number, a month, a weekday … RIVAL: alike but for what happens ("recalls", "unveils"). FREE: anything else, the
    bodies decide.
    """

    EQUAL = "equal"
    LOOSE = "loose"
    SERIES = "series"
    RIVAL = "rival"
    FREE = "free"


_STRANGERS = {Titles.RIVAL: 1, Titles.FREE: 2}  # rivals from which two posts tell different things in one mould


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of two posts.

    `alike`, `within` are the shares of three-word shingles in both bodies and in the shorter one (0…1);
    `quarrel()` says how far they name different things and figures, `opening()` how much of either's beginning is in
    the other, `echoes()` how many words of the headlines their bodies repeat, `rivals()` how many of either's headline
    its body repeats and the other post lacks: costly, so asked only where they count.
    `only_there`: both posts are of one page, and neither's source has another post of it.
    `words` is the shorter body's length, 0 when one has none. `specific` is the number of content words in the
    shorter headline; `returning` is True when either title is that of a series. `rewrapped`: one headline under two
    known labels. `moved`: one of the posts vanished from the source that the other one is in.
    """

    titles: Titles
    apart: timedelta
    same_page: bool
    only_there: bool
    same_source: bool
    moved: bool
    rewrapped: bool
    alike: float
    within: float
    quarrel: Callable[[], float]
    opening: Callable[[], float]
    rivals: Callable[[], int]
    echoes: Callable[[], int]
    words: int
    specific: int
    returning: bool
    title_likeness: float


def relate(one: Headline, other: Headline, likeness: float) -> Titles:
    """`likeness` of the two titles, 0…1; two numbers of a series resemble each other in all but the number."""
    if one.firm & (other.firm | other.loose) or one.loose & other.firm:
        return Titles.EQUAL
    if one.words == other.words and len(one.words) >= 4 and not one.loose and not other.loose:
        return Titles.EQUAL
    numbered = _differ(one.markers, other.markers) or is_a_stage_more(one.markers, other.markers)
    if numbered and _same_but_markers(one, other, likeness):
        return Titles.SERIES
    if one.loose & other.loose:
        return Titles.LOOSE
    return Titles.RIVAL if _another_deed(one.words, other.words) else Titles.FREE


def same_story(known: Evidence) -> bool:
    """The rule, from the surest sign to the weakest."""
    if known.same_page and known.apart <= SAME_NEWS and known.alike >= _ONE_TEXT and known.words >= TEASER:
        return True  # a figure in its headline was corrected; a weekly page changes little more than its figures
    if known.titles is Titles.SERIES:
        return known.moved and known.alike >= 0.95 and known.words >= TEASER and known.quarrel() == 0
    if known.same_page:
        return _one_page(known)
    if _is_mould(known):
        return False
    if known.titles in _STRANGERS and known.alike >= 0.3 and known.rivals() >= _STRANGERS[known.titles]:
        return False
    if known.alike >= _ONE_TEXT and known.words >= TEASER and known.quarrel() <= 0.05:
        return True
    if known.moved and _moved(known):
        return True
    if known.titles is Titles.EQUAL:
        return _one_headline(known)
    if known.titles is Titles.LOOSE and known.apart <= SAME_NEWS and _one_lead_in_apart(known):
        return True
    return _one_body(known)


def _is_mould(known: Evidence) -> bool:
    """A short text that says nothing of either headline, in one source that has both: "Listen wherever you …", say."""
    here = known.same_source and not known.moved and known.titles is Titles.FREE
    return here and known.words < _MOULD and not known.echoes()


def _one_page(known: Evidence) -> bool:
    """One address is one post, unless a source gives all its posts one address, or its weekly post the same.

    Somebody else's feed may tell of a post under a title and in words of its own.
    """
    if known.returning and known.apart > SAME_NEWS and known.words >= TEASER and known.within < 0.15:
        return False
    if known.only_there and not known.same_source and not known.returning and known.apart <= REWRITTEN:
        return True
    if known.titles in (Titles.EQUAL, Titles.LOOSE) or known.within >= 0.15:
        return True
    apart = known.same_source and not known.moved and known.words >= TEASER  # the entries of a page of changes, say
    return known.title_likeness >= 0.6 and not apart


def _moved(known: Evidence) -> bool:
    """A post that was renamed: gone from its place, there again under another name, date or title."""
    if known.titles is Titles.EQUAL and not known.returning and known.specific >= 3:
        return known.words < TEASER or known.within >= 0.15
    return known.words >= 6 and known.alike >= 0.5 and known.quarrel() <= 0.3


def _one_headline(known: Evidence) -> bool:
    near = known.apart <= SAME_NEWS
    if known.returning and not near and known.alike < 0.5:
        return False
    if known.within >= (0.6 if known.returning else 0.5) and known.words >= 6 and known.quarrel() <= _tolerated(known):
        return True
    if known.returning and known.words < TEASER:
        return known.specific >= 4 and known.apart <= timedelta(days=1 if known.rewrapped else 0.5)
    if known.returning or not near or known.specific < 2:
        return False
    if known.words < TEASER:
        if known.same_source and not (known.rewrapped or known.moved) and known.words >= _SENTENCE:
            return False  # a notice of each time: two of them stand there side by side
        return known.specific >= 3 or known.within >= 0.3 or known.words == 0
    if known.within >= 0.12 and known.quarrel() <= (0.7 if known.rewrapped and known.specific >= 4 else 0.4):
        return True
    elsewhere = known.rewrapped or not known.same_source
    return elsewhere and known.specific >= 5 and known.apart <= timedelta(days=2)


def _tolerated(known: Evidence) -> float:
    """How far two bodies under one headline may quarrel that share most of their words."""
    if known.returning:
        return 0.15
    if known.apart <= SAME_NEWS:
        return 0.4
    return 0.3 if known.rewrapped and known.apart <= REWRITTEN else 0.15


def _one_lead_in_apart(known: Evidence) -> bool:
    """ "Scoop: …" and "Just now: …" are one; "Samsung: …" and "Nokia: …" tell different things below."""
    if known.words < 6:
        return known.specific >= 5 and known.apart <= timedelta(days=1) and not known.returning
    return known.within >= 0.25 and known.quarrel() <= 0.25


def _one_body(known: Evidence) -> bool:
    """Another headline over mostly the same words.

    Sharing some background is not enough: either most of both is shared, or nearly all of a trimmed one. Who reports
    what came of a story begins with that, and repeats the story below, however much of it.
    """
    if known.titles is Titles.RIVAL and known.alike < 0.6:
        return False
    if known.words < 12 or (known.alike < 0.3 and known.within < 0.85):
        return False
    if known.words < TEASER and known.apart > SAME_NEWS:
        return False
    if known.alike < 0.8 and known.opening() < 0.3:
        return False
    if known.apart > REWRITTEN:
        return known.alike >= 0.6 and known.words >= TEASER and known.quarrel() <= 0.08
    if known.alike >= 0.5:
        return known.quarrel() <= 0.15
    return known.quarrel() <= 0.08


def _differ(one: Iterable[str], other: Iterable[str]) -> bool:
    return bool(set(one) - set(other)) and bool(set(other) - set(one))


def _same_but_markers(one: Headline, other: Headline, likeness: float) -> bool:
    """Another figure is enough where most words are the same; "second" and "winter" also stand in other sentences."""
    a, b = set(one.words) - one.markers, set(other.words) - other.markers
    if not a or not b or likeness >= 0.85:
        return True
    shared = len(a & b)
    if _differ(filter(is_figure, one.markers), filter(is_figure, other.markers)):
        return shared / min(len(a), len(b)) >= 0.6
    return shared / max(len(a), len(b)) >= 0.75


def _another_deed(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """In one place of an otherwise equal sentence stand other words, and no other spelling of them."""
    most = max(len(one), len(other))
    before = _run(one, other)
    after = _run(one[before:][::-1], other[before:][::-1])
    mine, yours = one[before : len(one) - after], other[before : len(other) - after]
    respelt = {word[:4] for word in mine} & {word[:4] for word in yours}
    return bool(mine) and bool(yours) and not respelt and (before + after) / most >= 0.6


def _run(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))

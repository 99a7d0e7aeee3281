"""Every mail that we send, as its reader gets it: the sample issue in each theme, each notice, other tongues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from newsletter.domain.digest import Digest, DigestStory
from newsletter.domain.theme import THEMES, ThemeName, theme
from newsletter.text.dates import full_date, unbroken
from newsletter.text.render import NOTICES, Rendered, Renderer
from newsletter.text.slots import fill_html, fill_text, values
from tests.digests import EDITION, LINKS, READER, digest, renderer, story
from tests.notice_samples import given

NOTE = (
    "I wrote this one on the ferry, which was late. That gave me time for the third story, and you may want to "
    "keep some for it too.\n\nThank you for the letters about door locks. All forty said the same thing."
)
TURNED = "he"
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def sample() -> Digest:
    """The sample digest with every block there is: an explainer among its stories."""
    stories = [story(number) for number in range(10)]
    return digest(*stories[:3], replace(stories[3], tags=("explainer",)), *stories[4:])


@lru_cache(maxsize=64)
def issue_mail(name: ThemeName, tongue: str = "en-GB") -> Rendered:
    """The sample issue in a theme, its slots filled for the sample's reader."""
    told = sample() if tongue == "en-GB" else in_tongue(tongue)
    styled = replace(told, edition=replace(told.edition, theme=theme(name)), note=NOTE)
    return filled(_renderer().digest(styled, LINKS))


@lru_cache
def turned_mail(name: ThemeName) -> Rendered:
    """The sample issue with the same words, read from right to left: in a language for which we have no phrases."""
    told = replace(sample(), edition=replace(EDITION, theme=theme(name), language=TURNED))
    made = filled(_renderer().digest(replace(told, note=NOTE), LINKS))
    day = told.date.date()
    return replace(
        made, html=made.html.replace(unbroken(full_date(day, TURNED)), unbroken(full_date(day, EDITION.language)))
    )


@lru_cache
def endless_mail(name: ThemeName, tongue: str) -> Rendered:
    """An issue in which every text is one word that is longer than its place."""
    word = LONG_WORD
    long = digest(
        replace(story(), title=word, long_excerpt=word),
        replace(story(1), title=word, excerpt=word, category=word),
        replace(story(3), title=word, source=word),
        *(replace(story(number), title=word, source=word, category=word) for number in range(7)),
        edition=replace(EDITION, name=word, tagline=word, language=tongue, theme=theme(name)),
    )
    return filled(_renderer().digest(replace(long, note=word), LINKS))


@lru_cache(maxsize=64)
def notice_mail(kind: str, name: ThemeName = "classic", tongue: str = "en-GB") -> Rendered:
    edition = replace(EDITION, theme=theme(name), language=tongue)
    return filled(_renderer().notice(kind, given(kind, edition)))


def every_mail() -> dict[str, Rendered]:
    """By name: a theme, or a notice's kind."""
    return {**{name: issue_mail(name) for name in THEMES}, **{kind: notice_mail(kind) for kind in NOTICES}}


def in_tongue(language: str) -> Digest:
    """The sample told in another language: two stories, the second of them with words that are hard to break."""
    name, tagline, first, second = _TONGUES[language]
    edition = replace(EDITION, language=language, name=name, newsletter_name=name, tagline=tagline, intro=first[1])
    return digest(_told(0, first), _told(1, second), _told(2, second), edition=edition)


def _told(number: int, words: tuple[str, str]) -> DigestStory:
    title, text = words
    return replace(story(number), title=title, excerpt=text, long_excerpt=text, also=())


@lru_cache
def _renderer() -> Renderer:
    return renderer()


def filled(made: Rendered) -> Rendered:
    """Its slots filled for the sample's reader."""
    filling = values(READER)
    return replace(made, html=fill_html(made.html, filling), text=fill_text(made.text, filling))


# name, tagline, two stories: title and text.
_TONGUES: Mapping[str, tuple[str, str, tuple[str, str], tuple[str, str]]] = {
    "ar": (
        "التقنية ببساطة",
        "أسبوع التقنية كما هو، بلا تعقيد",
        ("ميناء قديم يبرّد مركز بياناته بماء المدّ", "وجد المهندسون استعمالًا ثانيًا لماء يأتي ويذهب مرتين كل يوم."),
        ("متصفح ينسى كل شيء عن قصد", "يفتح كل صفحة كأنها المرة الأولى. يقول صانعوه إن هذا هو المقصود من Browser 7.2."),
    ),
    "de": (
        "Technik entschlüsselt",
        "Die Technikwoche, verständlich erzählt",
        (
            "Rechenzentrum im Hafen: Gezeitenkraftwerksbetreibergesellschaft kühlt mit Ebbe und Flut",
            "Zweimal am Tag kommt das Wasser, zweimal geht es. Dazwischen kühlt es vier Hallen voller Rechner.",
        ),
        (
            LONG_WORD,
            "Die Straßenbahnfahrgastinformationssystemausschreibung ist abgeschlossen. Niemand hat sich beworben.",
        ),
    ),
    "zh-Hans": (
        "科技解码",
        "一周科技，平实讲述",
        (
            "老港口用潮水给数据中心降温，余热送进隔壁的游泳池",
            "工程师们为每天来去两次的海水找到了第二种用途。上周，市议会签了字。",
        ),
        ("故意忘记一切的浏览器", "它每次打开网页都像第一次。开发者说，这正是目的所在；商店却说，这是一场战争。"),
    ),
    "en": (
        "🛰️ Tech Decoded 🛰️",
        "The week in technology 🧭, told plainly 👩🏽‍🔧",
        (
            "🌊 A harbour town wires its tide mill to the data hall 🏭",
            "It cools four halls 🧊 and warms the baths 🏊🏽‍♀️.",
        ),
        (
            "👩‍👩‍👧‍👦 Schools swap tablets for paper 📝, then swap half back",
            "Handwriting ✍🏿 is back for the under-tens.",
        ),
    ),
}
TONGUES = tuple(_TONGUES)

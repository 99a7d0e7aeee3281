"""Every language says everything that English does, with the same values, and every mail can be written in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import jinja2
import pytest
from babel import Locale
from jinja2.runtime import Macro

from newsletter.domain.theme import THEMES, ThemeName, theme
from newsletter.text import page_words
from newsletter.text.phrases import AGAIN, APART, in_html, in_language, plural
from newsletter.text.render import NOTICES, WORDS, Rendered
from tests.digests import EDITION, LINKS, TEMPLATES, digest, renderer
from tests.notice_samples import BLOCKED, BROKEN, EMPTY, given

FOLDERS = ("email/words", "email/notices/words", page_words.WORDS)
LANGUAGES = sorted(file.stem for file in (TEMPLATES / WORDS).iterdir())
TRANSLATED = [language for language in LANGUAGES if language != "en"]
# The same in both, and right so.
ALIKE = {"colon", "no", "preferences", "versions", "worth_no", "top_story", "explained", "worth_yes"}
ALIKE |= {"newsletter", "feed", "name"}
SHARED = renderer()


@lru_cache
def phrases(folder: str, language: str) -> dict[str, object]:
    environment: jinja2.Environment = SHARED._environment(theme("classic"), language)
    if folder == page_words.WORDS:
        environment = page_words.speaking(SHARED._loader, f"{folder}/{language}.txt", language)
    module = environment.get_template(f"{folder}/{language}.txt").module
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


def source(folder: str, language: str) -> str:
    return Path(TEMPLATES, folder, f"{language}.txt").read_text("utf-8")


def parameters(value: object) -> tuple[str, ...]:
    return tuple(value.arguments) if isinstance(value, Macro) else ()


def mails(language: str) -> Iterator[tuple[str, Rendered]]:
    for name in THEMES:
        told = digest(edition=replace(EDITION, language=language, theme=theme(name)))
        yield name, SHARED.digest(told, LINKS)
        yield f"{name} with a note", SHARED.digest(replace(told, note="A quiet week."), LINKS)
    edition = replace(EDITION, language=language)
    for kind in NOTICES:
        yield kind, SHARED.notice(kind, given(kind, edition))
    for case in (BLOCKED, EMPTY, BROKEN):
        yield "reminder", SHARED.notice("reminder", given("reminder", edition, **case))


def test_there_are_nine_languages() -> None:
    assert LANGUAGES == ["ar", "de", "en", "es", "fr", "it", "nl", "pt", "zh"]
    for folder in FOLDERS:
        assert [file.stem for file in sorted((TEMPLATES / folder).iterdir())] == LANGUAGES


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_language_has_the_phrases_of_english_and_their_values(folder: str, language: str) -> None:
    own, english = phrases(folder, language), phrases(folder, "en")
    assert own.keys() == english.keys()
    for name, value in english.items():
        assert parameters(own[name]) == parameters(value), name
    assert [name for name in own if own[name] == english[name] and name not in ALIKE] == []


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_value_is_said(folder: str, language: str) -> None:
    """A translation that forgets the name of the newsletter is none."""

    def used(text: str) -> dict[str, set[str]]:
        macros = re.findall(r"\{% macro (\w+)\((.*?)\) %\}(.*?)\{% endmacro %\}", text, re.DOTALL)
        return {
            name: {one for one in values.split(", ") if re.search(rf"\b{one}\b", said)} for name, values, said in macros
        }

    own = used(source(folder, language))
    assert {name: values - own[name] for name, values in used(source(folder, "en")).items() if values - own[name]} == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_plurals_are_those_of_the_language(folder: str, language: str) -> None:
    """All its forms, but for the millions (`many`) of Romance languages, which may do with `other`."""
    locale = Locale.parse(language)
    known = {*locale.plural_form.tags, "other"}
    needed = known if language == "ar" else known - {"many"}
    for call in re.findall(r"\|plural\((.*?)\) }}", source(folder, language)):
        forms = set(re.findall(r'(\w+)="', call))
        assert forms <= known, call
        assert needed <= forms or call == 'other="#"', call


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_can_be_written(language: str) -> None:
    for name, made in mails(language):
        assert APART not in made.html + made.subject + made.preheader, name
        assert made.html.count("<bdi>") == made.html.count("</bdi>") > 0, name
        assert made.text.count(APART) == made.text.count(AGAIN), name
        assert (APART in made.text) <= (language == "ar"), name
        assert not re.search(r'[a-z-]+="[^"]*<bdi>', made.html), name
        if language not in ("en", "ar"):
            assert "From the editor" not in made.html + made.text, name


@pytest.mark.parametrize(
    ("language", "file"),
    [
        ("de-AT", "de"),
        ("DE", "de"),
        ("pt-BR", "pt"),
        ("zh-Hans-CN", "zh"),
        ("zh-TW", "en"),
        ("zh-Hant", "en"),
        ("pl", "en"),
        ("en-GB", "en"),
    ],
)
def test_the_nearest_language_speaks(language: str, file: str) -> None:
    assert SHARED.words_file(language) == f"email/words/{file}.txt"


def test_a_region_may_have_phrases_of_its_own() -> None:
    assert in_language("a", "de-AT", {"a/de.txt", "a/de-AT.txt"}.__contains__) == "a/de-AT.txt"
    assert in_language("a", "de-AT", {"a/de.txt", "a.txt"}.__contains__) == "a.txt"


def test_phrases_of_ones_own_come_first() -> None:
    own = source("email/words", "en").replace("Quick links", "In one line")
    edition = replace(EDITION, language="de")
    everywhere = renderer(email__words_dot_txt=own).digest(digest(edition=edition), LINKS)
    assert "In one line" in everywhere.html
    assert "In one line" in everywhere.text
    one = renderer(email__words__pl_dot_txt=own)
    assert "In one line" in one.digest(digest(edition=replace(edition, language="pl")), LINKS).html
    assert "In one line" not in one.digest(digest(edition=edition), LINKS).html


@pytest.mark.parametrize(
    ("count", "language", "written"),
    [(1, "ar", "one"), (2, "ar", "two"), (3, "ar", "few 3"), (11, "ar", "many 11"), (100, "ar", "other 100")],
)
def test_arabic_counts_in_six_forms(count: int, language: str, written: str) -> None:
    assert plural(count, language, one="one", two="two", few="few #", many="many #", other="other #") == written


@pytest.mark.parametrize(
    ("count", "language", "written"),
    [(1, "zh-TW", "1 story"), (0, "en", "0 stories"), (1234, "de", "1.234 stories"), (0, "fr", "0 story")],
)
def test_english_phrases_do_for_any_language(count: int, language: str, written: str) -> None:
    assert plural(count, language, one="# story", other="# stories") == written


def test_nothing_stands_apart_inside_a_tag() -> None:
    made = in_html(f'<a title="{APART}x{AGAIN}">{APART}y{AGAIN}</a>')
    assert made == '<a title="x"><bdi>y</bdi></a>'


@pytest.mark.parametrize("name", THEMES)
def test_labels_stand_where_the_mail_begins(name: ThemeName) -> None:
    """`dir="auto"` would put an English category of an Arabic mail on the other side than its headline's bar."""
    told = digest(edition=replace(EDITION, language="ar", theme=theme(name), sections=True))
    html = SHARED.digest(replace(told, note="A quiet week."), LINKS).html
    for label in ("كلمة التحرير", "روابط سريعة", "هل استحق هذا العدد وقتك؟", "إلغاء الاشتراك"):
        for start in (found.start() for found in re.finditer(f"<bdi>{re.escape(label)}</bdi>", html)):
            assert 'dir="auto"' not in html[html.rindex("<", 0, start) : start]

"""A digest becomes an email that says what the posts say, and nothing that they try to do."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest

from newsletter.domain.digest import Also, DigestStory
from newsletter.domain.picture import Picture
from newsletter.domain.theme import THEMES, ThemeName, theme
from newsletter.errors import TemplateError
from newsletter.text import sandbox
from newsletter.text.columns import width
from newsletter.text.mjml_components import VOID
from newsletter.text.plain import one_line
from newsletter.text.render import NOTICES, Rendered, Renderer
from newsletter.text.sandbox import Folder
from newsletter.text.slots import SLOTS, fill_html, fill_text, slot, used, values
from tests.digests import EDITION, LINKS, READER, TEMPLATES, digest, renderer, story
from tests.notice_samples import given

NASTY = "{{ 7*7 }} {% for x in y %} </mj-text><mj-raw> <script>alert(1)</script> & \"quotes\" 'too'"


class Page(HTMLParser):
    """A strict reader: every element closed by its own name; texts and attributes collected."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def rendered(*stories: DigestStory, **edition: object) -> Rendered:
    return renderer().digest(digest(*stories, edition=replace(EDITION, **edition)), LINKS)


def test_the_whole_sample() -> None:
    made = rendered()
    page = Page(made.html)
    for told in digest().stories:
        assert told.title in page.text
        assert told.title in made.text.replace("\n", " ")
        assert told.url in made.text
        assert told.url in [link.get("href") for link in page.all("a")]
    assert made.subject == "A harbour town wires its tide mill to the data hall"
    assert "Friday, 20 November 2026" in page.text
    assert "10 stories, 43 minutes of reading" in page.text
    assert "Also in Coast Daily · 1 other version" in page.text
    assert "https://example.org/stories/0b" in [link.get("href") for link in page.all("a")]
    assert len(made.html.encode()) < 40_000


def test_only_known_slots_stand_in_an_issue() -> None:
    made = rendered()
    assert used(made.html) == used(made.text) == {"unsubscribe_url", "preferences_url", "since"}
    assert used(made.subject) | used(made.preheader) == set()
    filled = fill_html(made.html, values(READER))
    assert f'href="{READER.unsubscribe_url}"' in filled
    assert "since <bdi>3 March 2026</bdi>." in filled


def test_a_post_is_a_value_and_never_a_template() -> None:
    hostile = DigestStory(
        story=1,
        title=NASTY,
        url="https://example.org/?a=1&b=<2>",
        published=digest().date,
        source=NASTY,
        excerpt=NASTY,
        long_excerpt=NASTY,
        category=NASTY,
        image_alt=NASTY,
        pictures=(Picture("wide", 'https://example.org/x.png?"onerror="alert(1)', 552, 310),),
        also=(Also(NASTY, "https://example.org/also", NASTY + "!"),),
    )
    made = rendered(hostile, replace(hostile, image=None), tagline=NASTY, intro=NASTY, name=NASTY)
    page = Page(made.html)
    assert page.text.count(NASTY) >= 8
    assert page.all("script") == []
    assert not [attributes for _, attributes in page.tags if "onerror" in attributes]
    assert made.subject == NASTY
    assert NASTY in made.text.replace("\n", " ")
    assert "49" not in page.text


def test_a_post_cannot_pose_as_a_slot() -> None:
    forged = slot("unsubscribe_url")
    made = rendered(replace(story(), title=f"Look {forged}", excerpt=forged, long_excerpt=forged, source=forged))
    assert made.subject == "Look unsubscribe_url"
    assert used(made.text) <= set(SLOTS)
    assert fill_text(made.text, values(READER)).count(READER.unsubscribe_url) == 1


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//example.org/x", "", "ftp://a/b"])
def test_only_web_links_are_links(url: str) -> None:
    hostile = replace(story(), url=url, image=url, also=(Also("Elsewhere", url, "There"),))
    page = Page(rendered(hostile).html)
    assert hostile.title in page.text
    assert url not in [link.get("href") for link in page.all("a")] + [image.get("src") for image in page.all("img")]


@pytest.mark.parametrize(
    "alt", ["C:\\new\\table", "👩🏽‍🔬 at work", "e\u0301clair", "soft\u00adhyphen", "&#92; &amp;", "a b"]
)
def test_attributes_keep_every_character(alt: str) -> None:
    """The compiler by itself would write a joiner in an alt text as the eight characters of its escape."""
    page = Page(rendered(replace(story(), image_alt=alt, title=alt)).html)
    assert page.all("img")[0]["alt"] == one_line(alt)
    assert page.all("div")[1]["aria-label"] == one_line(alt)


def test_nothing_is_fetched_but_the_stories_own_pictures() -> None:
    page = Page(rendered().html)
    assert page.all("link") == page.all("script") == page.all("iframe") == []
    sources = [image["src"] or "" for image in page.all("img")]
    assert len(sources) == 3  # the lead's and those of two rows: the other two pictured stories are quick links
    assert all(source.startswith("https://news.example.org/media/") for source in sources)
    assert not re.search(r"@import|url\(|@font-face", rendered().html)


def test_what_a_screen_reader_needs_is_there() -> None:
    made = rendered()
    page = Page(made.html)
    assert page.all("html")[0]["lang"] == page.all("div")[1]["lang"] == "en-GB"
    assert page.all("html")[0]["dir"] == page.all("div")[1]["dir"] == "ltr"
    assert all(table.get("role") == "presentation" for table in page.all("table"))
    assert all("alt" in image for image in page.all("img"))
    assert [tag for tag, _ in page.tags if tag in ("h1", "h2", "h3")][:4] == ["h1", "h2", "h2", "h3"]


def test_a_single_story_needs_no_rest() -> None:
    made = rendered(story())
    assert "Also in this issue" not in made.html + made.text
    assert "1 story" not in made.html + made.text  # as long as it takes to read stands below it
    assert "None" not in made.html + made.text


def test_long_readings_are_written_in_one_way() -> None:
    page = Page(rendered(replace(story(), minutes=7826), replace(story(1), minutes=18)).html)
    assert "7,826 min read" in page.text
    assert "7,844 minutes of reading" in page.text


def test_a_bare_edition_and_bare_stories_leave_no_holes() -> None:
    bare = replace(story(3), excerpt="", category="", minutes=1)
    made = rendered(bare, bare, tagline="", intro="", postal_address="", siblings=())
    page = Page(made.html)
    assert page.all("img") == []
    assert "Top story" in page.text
    assert "1 min read" in page.text
    assert "Switch edition" not in page.text
    assert "\n\n\n" not in made.text


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft meldet Neues", "de"),
        ("港町の潮力発電所がデータセンターを冷やす仕組みを町の人々が自分たちの手で作り上げた話とその後の一年間", "ja"),
        ("مدينة ساحلية تربط طاحونة المد بقاعة البيانات", "ar"),
        ("🌊🚋 Trams, tides & a 👩🏽‍🔬", "en"),
    ],
)
def test_every_script_is_at_home(title: str, language: str) -> None:
    made = rendered(replace(story(), title=title, excerpt=title), replace(story(1), title=title), language=language)
    page = Page(made.html)
    assert title in page.text
    assert page.all("html")[0]["dir"] == ("rtl" if language == "ar" else "ltr")
    if language == "ja":
        assert "2026年11月20日" in page.text


def test_the_text_twin_keeps_to_its_columns_and_its_links_whole() -> None:
    long_url = "https://example.org/" + "a-very-long-way/" * 12
    stories = [replace(story(number), url=f"{long_url}{number}") for number in range(10)]
    made = rendered(*stories)
    text = fill_text(made.text, values(READER))
    for line in text.splitlines():
        assert width(line) <= 72 or "https://" in line, line
        assert line == line.rstrip()
    assert all(f"{long_url}{number}\n" in text for number in range(10))
    numbers = [int(number) for number in re.findall(r"^\[(\d+)\] https", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_preheader_tells_the_other_stories() -> None:
    made = rendered()
    assert made.preheader.startswith("The browser that forgets on purpose · One spare part")
    assert 85 <= len(made.preheader) <= 100
    assert digest().lead.title not in made.preheader
    assert made.preheader in made.html
    alone = rendered(replace(story(), excerpt="Only this."))
    assert alone.preheader == "Only this."


def test_the_subject_is_a_template_of_the_edition() -> None:
    made = rendered(subject="{{ edition.name }} {{ number }}: {{ lead.title }} +{{ stories|length - 1 }}, {{ date }}")
    assert made.subject == (
        "Tech Decoded 12: A harbour town wires its tide mill to the data hall +9, Friday, 20 November 2026"
    )


def test_a_subject_is_one_line_and_never_empty_or_endless() -> None:
    assert rendered(subject="One\r\nBcc: x@example.org").subject == "One Bcc: x@example.org"
    assert rendered(subject="{{ '' }}").subject == "Tech Decoded 12"
    assert len(rendered(subject="{{ lead.title * 100 }}").subject) <= 250


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("{{ lead.titel }}", r"a story has no `titel`; did you mean `title`\?$"),
        ("{{ led.title }}", "there is no `led`\\.$"),
        ("{{ lead.title.size }}", "a text has no `size`\\.$"),
        ("{{ stories[99] }}", "there is no element 99 among 10; the first is 0\\.$"),
        ("{{ lead.title ", r"unexpected.*[^.]\.$"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ 'x' * 10000000000 }}", "not for templates"),
        ("{{ 10 ** 100000000 }}", "not for templates"),
        ("{{ 'x'.ljust(10000000000) }}", "not for templates"),
    ],
)
def test_a_broken_subject_is_explained(subject: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason) as caught:
        rendered(subject=subject)
    assert str(caught.value).startswith("config.yaml, `subject` of tech-decoded, edition uk: ")


def test_one_story_of_unknown_length_among_many_counts_as_a_minute() -> None:
    many = [replace(story(n), minutes=2) for n in range(7)]
    assert "8 stories, 15 minutes of reading" in rendered(*many, replace(story(7), minutes=0)).text
    assert "of reading" not in rendered(*many, *(replace(story(n), minutes=0) for n in (7, 8, 9))).text


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("also", [True, False])
@pytest.mark.parametrize("source", ["", "Tidewatch"])
def test_where_nobody_knows_how_long_a_story_is_nothing_is_said_of_it(name: ThemeName, also: bool, source: str) -> None:
    shown = [replace(story(n), minutes=0, source=source, **({} if also else {"also": ()})) for n in range(4)]
    made = rendered(*shown, theme=theme(name))
    for text in (made.text, Page(made.html).text):
        assert "min read" not in text
        assert "of reading" not in text
        assert not re.search(r"\(\s*[;)·,]|[;·,]\s*\)|^\s*[·;,]\s*$|·\s*·", text, re.MULTILINE), text


def test_a_template_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 0.1)
    loops = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9) %}"
    with pytest.raises(TemplateError, match=r"longer than 0\.1 seconds"):
        rendered(subject=loops + "{% endfor %}" * 3)


@pytest.mark.parametrize("product", ["range(9999)|list * 9000", "9000 * ('x' * 9999)"])
def test_a_template_makes_no_gigabytes_out_of_a_few_characters(product: str) -> None:
    with pytest.raises(TemplateError, match="a product this large"):
        rendered(subject="{{ (" + product + ")|length }}")


def test_an_operators_template_changes_one_block() -> None:
    own = renderer(email__digest_dot_mjml=(
        '{% extends "!email/digest.mjml" %}\n{% block masthead %}<h1>{{ edition.name|upper }}</h1>{% endblock %}'
    ))  # fmt: skip
    page = Page(own.digest(digest(), LINKS).html)
    assert "TECH DECODED" in page.text
    assert "No. 12" not in page.text
    assert digest().lead.title in page.text


@pytest.mark.parametrize("kind", ["mjml", "txt"])
def test_a_block_that_nothing_shows_is_an_error_with_the_name_that_was_meant(kind: str) -> None:
    written = f'{{% extends "!email/digest.{kind}" %}}\n\n{{% block aftr %}}{{% endblock %}}'
    with pytest.raises(TemplateError, match=rf"digest\.{kind}:3: nothing shows the block `aftr`.*mean `after`\?"):
        renderer(**{f"email__digest_dot_{kind}": written}).digest(digest(), LINKS)


def test_a_block_inside_ones_own_block_is_ones_own() -> None:
    inside = "{% block after %}<mj-text>{% block mine %}MINE{% endblock %}</mj-text>{% endblock %}"
    own = renderer(email__digest_dot_mjml='{% extends "!email/digest.mjml" %}' + inside)
    assert "MINE" in own.digest(digest(), LINKS).html


def test_an_operators_words_are_used_everywhere() -> None:
    words = (TEMPLATES / "email/words/en.txt").read_text("utf-8").replace('"Unsubscribe"', '"Abbestellen"')
    made = renderer(email__words_dot_txt=words).digest(digest(), LINKS)
    assert "Abbestellen" in made.html
    assert "Abbestellen: " in made.text


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        (
            "{% extends '!email/digest.mjml' %}\n\n{% block lead %}{{ leed.title }}{% endblock %}",
            3,
            "there is no `leed`",
        ),
        ("<mjml>\n<mj-body>\n{{ oops }}</mj-body></mjml>", 3, "there is no `oops`"),
        ("<mjml>\n{% if %}</mjml>", 2, "Expected an expression"),
        ("<mjml><mj-body>\n<mj-sektion></mj-sektion></mj-body></mjml>", 2, "there is no <mj-sektion>"),
        ("<mjml><mj-body></mjml>", 1, "</mjml> comes while <mj-body>"),
        ("{% extends 'email/digest.mjml' %}", None, "includes or extends itself"),
        ("\n{% include 'email/gone.mjml' %}", 2, "no template email/gone.mjml"),
        ("<p>not MJML</p>", None, "MJML cannot read"),
        ("<mjml>\n{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}</mjml>", 2, "nests too deep"),
        ("<mjml>\n{{\n1" + " + 1" * 3000 + " }}</mjml>", 3, "nests too deep"),
        ("<mjml>\n{{ a" + ".a" * 3000 + " }}</mjml>", 2, "nests too deep"),
        ("<mjml>\n" + "{% if a %}" * 3000 + "{% endif %}" * 3000 + "</mjml>", 2, "nests too deep"),
    ],
)
def test_a_broken_template_is_explained_with_file_and_line(source: str, line: int | None, reason: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(reason)) as caught:
        renderer(email__digest_dot_mjml=source).digest(digest(), LINKS)
    assert caught.value.template == "email/digest.mjml"
    assert caught.value.line == line


@pytest.mark.parametrize(
    "source",
    [
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% block b %}{{ self.b() }}{% endblock %}",
    ],
)
def test_what_calls_itself_is_told_so_and_not_that_it_includes_itself(source: str) -> None:
    with pytest.raises(TemplateError, match=r"a macro, a loop or a block calls itself without an end\."):
        rendered(subject=source)


@pytest.mark.parametrize("source", ["{% include 'a.txt' %}", "{% block b %}{% include 'a.txt' %}{% endblock %}"])
def test_what_includes_itself_is_told_so(source: str) -> None:
    looping = sandbox.Environment(jinja2.DictLoader({"a.txt": source}))
    with pytest.raises(TemplateError, match="it includes or extends itself"):
        looping.render("a.txt", {})


def test_a_subject_that_nests_too_deep_is_explained() -> None:
    with pytest.raises(TemplateError, match="`subject` of tech-decoded, edition uk: this nests too deep"):
        rendered(subject="{{ " + "[" * 3000 + "]" * 3000 + " }}")


@pytest.mark.parametrize("name", ["email/digest.mjml", "email/digest.txt"])
@pytest.mark.parametrize(
    ("content", "place", "byte"),
    [("<mjml>\n\n<mj-body>Zoë".encode("latin-1"), ":3", 20), (b"\x89PNG", ":1", 1)],
    ids=["latin-1", "binary"],
)
def test_a_template_that_is_no_utf_8_is_explained(
    tmp_path: Path, name: str, content: bytes, place: str, byte: int
) -> None:
    file = tmp_path / name
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(TemplateError) as caught:
        Renderer(jinja2.ChoiceLoader([Folder(tmp_path), Folder(TEMPLATES)])).digest(digest(), LINKS)
    assert str(caught.value) == f"{file}{place}: byte {byte} of the file is no UTF-8. Save it as UTF-8."


def test_a_slip_is_told_where_it_stands_and_not_where_the_program_stumbles_over_it(tmp_path: Path) -> None:
    """A macro of the program's own is the first to look at what it was given."""
    own = tmp_path / "email" / "digest.mjml"
    own.parent.mkdir()
    own.write_text(
        '{% extends "!email/digest.mjml" %}\n{% import "email/parts/style.mjml" as style with context %}\n'
        '{% block after %}\n{{ style.quiet_link(links.signpu, "Sign up", "0") }}\n{% endblock %}\n'
    )
    with pytest.raises(TemplateError, match=r"`links` has no `signpu`; did you mean `signup`\?") as caught:
        Renderer(jinja2.ChoiceLoader([Folder(tmp_path), Folder(TEMPLATES)])).digest(digest(), LINKS)
    assert str(caught.value).startswith(f"{own}:")


def test_a_template_that_would_kill_the_compiler_is_stopped_before() -> None:
    deep = "<mjml><mj-body><mj-raw>{{ ('<div>'|safe) * 3000 }}</mj-raw></mj-body></mjml>"
    with pytest.raises(TemplateError, match="too deep"):
        renderer(email__digest_dot_mjml=deep).digest(digest(), LINKS)


@pytest.mark.parametrize("kind", sorted(NOTICES))
def test_a_notice_says_what_it_is_for(kind: str) -> None:
    told = given(kind)
    made = renderer().notice(kind, told)
    page = Page(made.html)
    assert "Tech Decoded" in made.subject
    assert "Tech Decoded" in page.text
    assert EDITION.postal_address in page.text
    assert used(made.html + made.text) == set()
    for name in (name for name in NOTICES[kind] if name.endswith("_url")):
        assert str(told[name]) in made.text
        assert str(told[name]) in [link.get("href") for link in page.all("a")]
    if "days" in NOTICES[kind]:
        assert "1 day" in page.text
        assert "1 days" not in page.text + made.text


def test_a_confirmation_carries_no_word_of_the_visitor() -> None:
    """Whoever signs up a stranger must not be able to write to them."""
    assert NOTICES["confirm"] == ("confirm_url", "days")


@pytest.mark.parametrize(
    "line",
    [
        '{% if slot("name") %}Dear {{ slot("name") }}{% else %}Hello{% endif %}',
        '{{ slot("name")|default("reader", true) }}',
        '{{ slot("name") or "reader" }}',
        '{{ slot("name")|upper }}',
        '{% if slot("name") == "" %}Hello{% endif %}',
        '{{ slot("name")|capitalize }}',
    ],
)
def test_a_slot_is_written_and_not_asked(line: str) -> None:
    """The template runs once for all: the answer would be the same for each, and was."""
    own = '{% extends "email/issue.txt" %}\n{% block masthead %}' + line + "{% endblock %}"
    with pytest.raises(TemplateError, match=r"digest\.txt:2: a slot is filled for each reader"):
        renderer(email__digest_dot_txt=own).digest(digest(), LINKS)

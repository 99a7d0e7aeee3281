"""Fences and YAML as Jekyll and Ruby's Psych take them."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.text import frontmatter, plain_yaml, psych


def values(yaml: str) -> dict[Any, Any]:
    return frontmatter.parse(f"---\n{yaml}\n---\nbody").values


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("---\ntitle: B\n---\nbody\n", "B", "body\n"),
        ("---\r\ntitle: B\r\n---\r\nbody\r\n", "B", "body\r\n"),
        ("---  \ntitle: B\n---  \n\n  body", "B", "  body"),
        ("---\ntitle: B\n...\nbody", "B", "body"),
        ("---\ntitle: B\n---", "B", ""),
        ("---\n---\nbody", None, "body"),
        ("---\ntitle: B\nbody", None, "---\ntitle: B\nbody"),
        ("----\ntitle: B\n----\nbody", None, "----\ntitle: B\n----\nbody"),
        (" ---\ntitle: B\n---\n", None, " ---\ntitle: B\n---\n"),
        ("---\ntitle: B\n---\na\n\n---\n\nb", "B", "a\n\n---\n\nb"),
    ],
)
def test_fences(text: str, title: str | None, body: str) -> None:
    found = frontmatter.parse(text)
    assert (found.values.get("title"), found.body) == (title, body)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("2025-08-20 16:18", "2025-08-20 16:18"),
        ("2025-08-20 16:18:42", datetime(2025, 8, 20, 16, 18, 42, tzinfo=UTC)),
        ("2015-01-09 18:00:00 -0800", datetime(2015, 1, 10, 2, tzinfo=UTC)),
        ("2015-01-09T18:00:00.5Z", datetime(2015, 1, 9, 18, 0, 0, 500_000, tzinfo=UTC)),
        ("2014-02-29", "2014-02-29"),
        ("2014-02-30 10:00:00", datetime(2014, 3, 2, 10, tzinfo=UTC)),
        ("2015-06-30 23:59:60", datetime(2015, 7, 1, tzinfo=UTC)),
        ("2015-01-09 24:00:00", datetime(2015, 1, 10, tzinfo=UTC)),
        ("2015-01-09 25:00:00", "2015-01-09 25:00:00"),
        ("2015-1-9", date(2015, 1, 9)),
        ("12:30", 45000),
        ("1:20:30", 4830),
        ("012", 10),
        ("08", "08"),
        ("0o12", "0o12"),
        ("0x1F", 31),
        ("0b11", 3),
        ("1_000", 1000),
        ("1,000", 1000),
        ("1.50", 1.5),
        ("1e3", "1e3"),
        ("-7", -7),
        ("no", False),
        ("Yes", True),
        ("on", True),
        ("y", "y"),
        ("~", None),
        ("NULL", None),
        ("nothing", "nothing"),
        ("'no'", "no"),
        ("!!str 12", "12"),
        ("!important news", "news"),
        (".inf", float("inf")),
        ("C# tips", "C# tips"),
    ],
)
def test_what_a_value_means(written: str, means: object) -> None:
    found = values(f"key: {written}")["key"]
    assert found == means
    assert type(found) is type(means)


@pytest.mark.parametrize(
    ("yaml", "line", "word"),
    [
        ("title: a: b", 2, "quotes"),
        ("x: 1\ntitle:Foo\ny: 2", 3, "space"),
        ("title: @home", 2, "quotes"),
        ("title: :symbol", 2, "quotes"),
        ("a: 1\nb: !ruby/object:Object {}", 3, "remove"),
        ("- a\n- b", 2, "key: value"),
        ("just text", 2, "key: value"),
        ('title: "unclosed', None, "quote"),
        ("a: *nowhere", 2, "alias"),
        ("a: \x08", 2, "control"),
    ],
)
def test_what_is_wrong_has_a_line_and_a_remedy(yaml: str, line: int | None, word: str) -> None:
    with pytest.raises(psych.YamlError, match=word) as caught:
        values(yaml)
    if line:
        assert caught.value.line == line


def test_a_harmless_alias_and_a_merge() -> None:
    assert values("a: &x hi\ntitle: *x")["title"] == "hi"
    assert values("base: &b {title: M, x: 1}\n<<: *b\nx: 2")["title"] == "M"


def test_a_bomb_of_aliases_is_refused() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + level)}: &{chr(98 + level)} [{','.join([f'*{chr(97 + level)}'] * 10)}]\n" for level in range(9)
    )
    with pytest.raises(psych.YamlError, match="aliases"):
        values(bomb)


def test_depth_and_size_have_limits() -> None:
    with pytest.raises(psych.YamlError, match="deep"):
        values("a: " + "[" * 500 + "]" * 500)
    with pytest.raises(psych.YamlError, match="64 KB"):
        values("a: " + "x" * 70_000)
    with pytest.raises(psych.YamlError):
        values("a: &a [*a]")


def test_no_tag_makes_an_object() -> None:
    assert values("title: !!python/object/apply:os.system [echo]")["title"] == ["echo"]


_PIECES = st.sampled_from(
    [
        "a",
        "Foo Bar",
        "x: y",
        "http://a.b",
        "#c",
        " #c",
        "'",
        '"',
        "\\n",
        "[",
        "]",
        "{",
        "}",
        "1",
        "2015-01-01",
        "10:30",
        "no",
        "~",
        ":s",
        "- ",
        "-",
        "?",
        "!x",
        "&a",
        "*a",
        "%",
        "@",
        ">",
        ",",
        ", ",
        "é",
        "“",
        "\xa0",
        "\x85",
        "\ufeff",
        "🚀",
        "\t",
        "  ",
        "...",
        "---",
        "0x1f",
        ".5",
        "(x)",
        "=",
        "<<",
        "中文",
        "null",
        "True",
        "key: ",
        "\n",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES, max_size=12).map("".join))
def test_the_short_way_means_what_the_parser_says(text: str) -> None:
    source = f"---\ntitle: {text}\n"
    try:
        short = plain_yaml.load(source, psych.plain)
    except psych.YamlError:
        return
    if short is not None:
        assert repr(short) == repr(psych.parsed(source))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_whatever_stands_there_only_a_yaml_error_comes_out(text: str) -> None:
    with contextlib.suppress(psych.YamlError):
        assert isinstance(frontmatter.parse(f"---\n{text}\n---\nbody").values, dict)

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.text.plain import count_words, one_line
from newsletter.text.titles import MOST, plain_title


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Plain", "Plain"),
        ("  two \n lines\t", "two lines"),
        ("AT&amp;T &#8217;s R&D &copy; Q&A", "AT&T ’s R&D © Q&A"),
        ("<em>Big</em> &lt;b&gt; news", "Big <b> news"),
        ('<a href="https://x.example">Linked</a>', "Linked"),
        ('cut <a href="https://x.example">off', "cut off"),
        ("one<br>two<br/>three", "one two three"),
        ("Using List<String> and Vec<i> in 3 < 5 > 2", "Using List<String> and Vec<i> in 3 < 5 > 2"),
        ("The <video> element and the <b> tag", "The <video> element and the <b> tag"),
        ("<script>alert(1)</script>Hello<!-- not this -->", "Hello"),
        ("{{ 7*7 }} {% raw %}", "{{ 7*7 }} {% raw %}"),
        ("a\u202eb\u2066c\u200bd\ufeffe\x00f\x1bg\xadh", "abcdefgh"),
        ("hidden &#8238;turn&#x200b;", "hidden turn"),
        ("nb\xa0sp\u2028sep", "nb sp sep"),
        ("👩\u200d💻 🏳️\u200d🌈 👨🏽\u200d🚀", "👩\u200d💻 🏳️\u200d🌈 👨🏽\u200d🚀"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("la\u200dtin\u200c", "latin"),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f!\U000e0041", None),
        ("שלום C++\u200e!", "שלום C++\u200e!"),
        ("left\u200eright", "leftright"),
        ("\ud800lone", "lone"),
        ("ㅤ", ""),
        ("", ""),
    ],
)
def test_titles_are_plain_text(written: str, shown: str | None) -> None:
    expected = written[:-1] if shown is None else shown
    assert plain_title(written) == expected


def test_a_title_has_an_end() -> None:
    assert len(plain_title("word " * 100_000)) <= MOST
    assert len(plain_title("<b>" * 100_000)) <= MOST


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("<>&;b/ \u202e\u200d\u200c\n\x00"))))
def test_nothing_hidden_is_left(text: str) -> None:
    title = plain_title(text)
    assert title == " ".join(title.split())
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in title)
    assert not set(title) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")
    title.encode()


@given(st.text())
def test_one_line_is_settled(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)


def test_words_of_dense_scripts_are_counted_by_characters() -> None:
    assert count_words("one two three") == 3
    assert count_words("今天天气很好") == 3
    assert count_words("用 Python 写") == 2
    assert count_words("") == 0

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.text.kramdown import LONGEST, translated
from newsletter.text.markdown import to_html


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("# Head {#id}\n{: .no_toc}", "Head"),
        ("{: .lead #x}\nA paragraph.\n{: .c}", "A paragraph."),
        ('*em*{: .x} [a](u){:target="_blank"} `c`{:.language-sh} ![p](p.png){: width="3"}', "em a c"),
        ("* content\n{:toc}\n\nText", "Text"),
        ("1. TOC\n{:toc .big}\n\nText", "Text"),
        ("Text\n\n* TOC\n\n{:toc}", "Text"),
        ("a{::comment}hidden{:/comment}b", "ab"),
        ("{::comment}\nhidden\n{:/}\n\nText", "Text"),
        ("{::nomarkdown}<b>raw</b>{:/nomarkdown}", "raw"),
        ("{::options parse_block_html='true' /}\n\nText", "Text"),
        ("{:ref: .x}\n\nText{:ref}", "Text"),
        ("- {: .z} item\n- two", "item two"),
        ("One\n^\nTwo", "One Two"),
        ("Mark[^none] left", "Mark left"),
        ("Term\n: Definition", "Term Definition"),
        ("The HTML\n\n*[HTML]: Hyper", "The HTML"),
        ("Line\\\\\nnext", "Line next"),
        ("<div markdown='1'>\n**bold**\n</div>", "bold"),
        ("Costs $5 and $6", "Costs $5 and $6"),
        ("- [ ] open\n- [x] done\n- [n] none", "☐ open ☑ done [n] none"),
    ],
)
def test_what_only_kramdown_reads_leaves_no_trace(written: str, shown: str) -> None:
    assert words(to_html(written)) == shown


def test_code_keeps_what_looks_like_it() -> None:
    html = to_html(
        "`{: .x}` and\n\n~~~ ruby\n{: .y}\n* content\n{:toc}\n[^1]\n~~~\n\n``` js {linenos}\n$$x$$ {::comment}\n```\n"
    )
    for kept in ("<code>{: .x}</code>", "{: .y}", "{:toc}", "[^1]", "$$x$$"):
        assert kept in html
    assert "linenos" not in html


def test_footnotes_tables_quotes_and_maths() -> None:
    html = to_html(
        'He said "it\'s -- well..."[^n] and $$a_1 * b_2$$.\n\n[^n]: Note.\n\n'
        "| a | b |\n|---|--:|\n| 1 | 2 |\n\n$$\nx_1 * y_2\n$$"
    )
    assert "&ldquo;it&rsquo;s &ndash; well&hellip;&rdquo;" in html
    assert 'href="#fn:n"' in html
    assert "<table>" in html
    assert "<code>a_1 * b_2</code>" in html
    assert "x_1 * y_2" in html


def test_a_tables_foot_and_a_formula_on_one_line() -> None:
    html = to_html(
        "| a | b |\n|---|---|\n| 1 | 2 |\n|===|===|\n| 3 | 4 |\n\n$$\\frac{a}{b}$$\n\n$$a$$ is it, not $$b$$"
    )
    assert words(html) == "a b 1 2 3 4 \\frac{a}{b} a is it, not b"
    assert "<pre" in html


def test_links_by_reference_and_fences_in_lists() -> None:
    html = to_html("- [a][x]\n\n  ```sh\n  ls *\n  ```\n\n[x]: https://x.example")
    assert '<a href="https://x.example">a</a>' in html
    assert "ls *" in html


HOSTILE = {
    "quotes": ">" * 20_000,
    "brackets": "[" * 20_000,
    "pictures": "![[" * 8_000,
    "stars": "*a **b " * 4_000,
    "lists": "\n".join(" " * depth + "- x" for depth in range(300)),
    "elements": "<div>" * 20_000,
    "comments": "<!--" * 8_000,
    "lists of attributes": "{:" * 20_000,
    "ticks": "".join("`" * count + " " for count in range(200)),
    "footnotes": "".join(f"[^{number}]: x\n" for number in range(1_000)) + "[^1]" * 1_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_costs_little(text: str) -> None:
    begun = time.process_time()
    to_html(text)
    assert time.process_time() - begun < 10  # a guard against minutes, no measure of speed


def test_too_much_is_cut_at_a_paragraph() -> None:
    text = translated("Some words of a paragraph.\n\n" * 40_000)
    assert LONGEST - 100 < len(text) <= LONGEST
    assert text.endswith("paragraph.")


_PIECES = [
    *(
        "a ",
        "*",
        "_",
        "`",
        "[",
        "]",
        "(",
        ")",
        "!",
        "<",
        ">",
        "&",
        "#",
        "\n",
        "\n\n",
        "    ",
        "- ",
        "1. ",
        "> ",
        "|",
        "---",
    ),
    *("{:", "}", "{::comment}", "~~~", "```", "[^1]", "[^1]: ", "$$", "\\", "<div>", "</div>", "*[x]: ", ": ", "\x02"),
]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join))
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(to_html(text), str)

"""Liquid's harmless part, its limits, and what becomes of the rest."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.text.liquid import Renderer, Scope

URLS = {"2024-05-01-first": "/2024/05/01/first.html"}


def render(source: str) -> tuple[str, list[str]]:
    warnings: list[str] = []
    variables = {
        "site": {"title": "T", "url": "https://example.org", "baseurl": "/blog"},
        "page": {"title": "P", "tags": ["a", "b"], "weight": 3},
    }
    scope = Scope(variables, "https://example.org", "/blog", URLS.get, {"a.md": "/a/"}.get, warnings.append)
    return Renderer().render(source, scope), warnings


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ 7*7 }}", "{{ 7*7 }}"),
        ("{{7*7}} {{ config.items() }} {{ .Go }} {{}}", "{{7*7}} {{ config.items() }} {{ .Go }} {{}}"),
        ("{% raw %}{{ x }} {% y %}{% endraw %}", "{{ x }} {% y %}"),
        ("({{ site.baseurl }}/x)", "(/blog/x)"),
        ("{{ page.weight }}{{ page.tags | join: '+' }}", "3a+b"),
        ("{{ '/x y' | relative_url }}", "/blog/x%20y"),
        ("{{ 'x' | absolute_url }}", "https://example.org/blog/x"),
        ("{{ 'https://b.org/x' | absolute_url }}", "https://b.org/x"),
        ("{% post_url 2024-05-01-first %}", "/blog/2024/05/01/first.html"),
        ("{% link a.md %}", "/blog/a/"),
        ("{% if page.title == 'P' %}yes{% else %}no{% endif %}", "yes"),
        ("{% assign a = 'q' %}{{ a | upcase }}", "Q"),
        ("{% comment %}x{% endcomment %}", ""),
        ("{{ unknown }}{{ page.nothing.at_all }}", ""),
        ("{{ page.title | nobodys_filter }}", "P"),
        ("<p>{{ 'all **new**' | markdownify }}</p>", "<p>all <strong>new</strong></p>"),
        (
            "{% capture n %}\n#### New\n* b{% endcapture %}<div>{{ n | markdownify }}</div>",
            "<div><h4>New</h4>\n<ul>\n<li>b</li>\n</ul></div>",
        ),
        ("{{ '2024-05-01' | date: '%Y' }}", "2024"),
        ("{{ '2024-05-01' | date_to_string }}", "01 May 2024"),
    ],
)
def test_what_is_done(source: str, shown: str) -> None:
    assert render(source) == (shown, [])


def test_highlight_is_code() -> None:
    shown, _ = render("{% highlight ruby linenos %}\nputs '<a>'\n\nx\n{% endhighlight %}")
    assert '<code class="language-ruby" data-lang="ruby">puts \'&lt;a&gt;\'\n\nx</code>' in shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a{% youtube x %}b", "ab"),
        ("{% include x.html a=1 %}X{% tabs %}in{% endtabs %}Y", "XinY"),
        ("a {% post_url 2000-01-01-nothing %} b", "a  b"),
        ("{% if x %}the text stays", "the text stays"),
        ("a {% broken\nb {{ site.title }}", "a \nb T"),
        ("{% for i in (1..9) %}{% endif %}{{ page.title }}", "P"),
        ("Text {{ page.title and {% if %} more.", "Text  and  more."),
        ("a {{", "a "),
    ],
)
def test_what_is_not_done_vanishes_with_a_warning(source: str, shown: str) -> None:
    text, warnings = render(source)
    assert text == shown
    assert warnings


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..1000000) %}x{% endfor %}",
        "{% for i in (1..9999) %}{% for j in (1..9999) %}x{% endfor %}{% endfor %}",
        "{% assign a = 'aaaaaaaaaa' %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}{{ a }}",
        "{{ 'aaaaaaaaaa' | replace: 'a', page.title" + " | replace: 'P', 'PPPPPPPPPPPPPPPP'" * 12 + " }}",
        "{{" * 50_000,
        "{% raw %}" * 20_000,
    ],
)
def test_limits(source: str) -> None:
    text, warnings = render(source)
    assert len(text) < 4_000_000
    assert warnings


@pytest.mark.parametrize(
    "step",
    [
        "{% assign a = a | append: a %}",
        "{% assign a = a | prepend: a %}",
        "{% assign a = a | replace_first: 'x', a %}",
        "{% assign a = a | jsonify %}",
        "{% assign a = a | split: ',' | join: a %}",
        "{% assign l = l | concat: l %}",
        "{% assign n = n | times: n %}",
        "{% assign l = (1..1000000000) | reverse %}",
    ],
)
def test_no_filter_fills_the_memory(step: str) -> None:
    seed = "{% assign a = 'x,\"x' %}{% assign l = a | split: ',' %}{% assign n = 99 %}"
    tracemalloc.start()
    try:
        text, warnings = render(f"{seed}{step * 40}the end")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert text == "the end"
    assert "a filter makes too" in warnings[0]
    assert most < 200_000_000


def test_join_and_filters_that_know_the_site_still_work() -> None:
    assert render("{{ page.tags | join: ', ' }}|{{ (1..3) | size }}|{{ '/a' | relative_url }}")[1] == []


_PIECES = st.sampled_from(
    [
        "{% if x %}",
        "{% endif %}",
        "{% else %}",
        "{% for a in page.tags %}",
        "{% endfor %}",
        "{{ a }}",
        "{{",
        "}}",
        "{%",
        "%}",
        "{% raw %}",
        "{% endraw %}",
        "{% nope %}",
        "text",
        " ",
        "\n",
        "{%- x -%}",
        "{% assign x = 1 %}",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=12).map("".join))
@example("{{{% if x %}%}%}%}")  # one tag less, and what stood around it is one
def test_no_tag_reaches_a_reader(source: str) -> None:
    text, _ = render(source)
    if "raw" not in source:
        assert "{%" not in text


def test_a_renderer_forgets_what_went_wrong() -> None:
    renderer = Renderer()
    scope = Scope({}, "", "", URLS.get, URLS.get, lambda _sentence: None)
    renderer.render("{% if %}", scope)
    heard: list[str] = []
    good = Scope({}, "", "", URLS.get, URLS.get, heard.append)
    assert renderer.render("{% if true %}x{% endif %}", good) == "x"
    assert heard == []

"""A template runs for seconds at most and makes no gigabytes, whatever a few characters of it ask for."""

from __future__ import annotations

import time
import tracemalloc

import jinja2
import pytest
from jinja2.filters import FILTERS
from markupsafe import Markup

from newsletter.errors import TemplateError
from newsletter.text import bounds, sandbox
from newsletter.text.sandbox import Environment

LONG = '("x" * 10000)'
GROWS = '{% set ns = namespace(s="x" * 10000) %}{% for i in range(60) %}{% set ns.s = '


def written(source: str) -> str:
    return Environment(jinja2.DictLoader({})).render_text("it", source, {})


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in r %}{% for b in r %}{% for c in r %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in r %}{% for b in r if 0 %}{% endfor %}{% endfor %}",
        "{% for a in r %}{% for b in r %}{% if loop.last %}{% endif %}{% endfor %}{% endfor %}" * 9,
        "{% for a in r recursive %}{% if loop.depth < 9 %}{{ loop(r) }}{% endif %}{% endfor %}",
        "{% for a in r %}{% for b in r %}{{ '' ~ '' }}{% endfor %}{% endfor %}" * 9,
        "{% for a in r %}{% set s = r|map('string')|list %}{% endfor %}",
        "{% macro m(a) %}{% for a in r %}{{ caller() }}{% endfor %}{% endmacro %}"
        "{% call m() %}{% call m() %}{% endcall %}{% endcall %}",
    ],
)
def test_a_loop_ends_whatever_is_in_it(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 0.1)
    began = time.monotonic()
    with pytest.raises(TemplateError, match=r"longer than 0\.1 seconds"):
        written("{% set r = range(9999) %}" + source)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "source",
    [
        '{{ 1|round(30000000, "ceil") }}',
        "{{ 1|round(precision=-30000000) }}",
        "{{ [1]|tojson(2000000000) }}",
        "{{ [1]|slice(1000000000)|list|length }}",
        '{{ [1]|batch(2000000000, "x")|list|length }}',
        '{{ ["x"]|map("batch", 2000000000, "x")|map("list")|list|length }}',
        f'{{{{ {LONG}.replace("x", {LONG})|length }}}}',
        f'{{{{ {LONG}|replace("x", {LONG})|length }}}}',
        f'{{{{ {LONG}.encode().replace("x".encode(), {LONG}.encode())|length }}}}',
        f"{{{{ {LONG}.translate({{120: {LONG}}})|length }}}}",
        f"{{{{ {LONG}|wordwrap(1, wrapstring={LONG})|length }}}}",
        f"{{{{ ([{LONG}] * 10000)|join|length }}}}",
        f"{{{{ ([1] * 10000)|join({LONG})|length }}}}",
        f'{{{{ "".join([{LONG}] * 10000)|length }}}}',
        f"{{{{ {LONG}.join({LONG})|length }}}}",
        f"{{{{ [[{LONG}]]|sum(start=[])|length }}}}",
        '{{ (1).to_bytes(9000000000, "big")|length }}',
        GROWS + "ns.s ~ ns.s %}{% endfor %}",
        GROWS + "ns.s + ns.s %}{% endfor %}",
        GROWS + "(ns.s, ns.s)|join %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        '{% set ns = namespace(s=[]) %}{% for i in range(9999) %}{% set ns.s = ns.s + ["x" * 99 * i] %}{% endfor %}',
        '{% set b = "x" * 10000 * 99 %}{% set y %}{% for i in range(9999) %}{{ b }}{% endfor %}{% endset %}',
        "{% set y %}{% for i in range(9999) %}" + "y" * 9999 + "{% endfor %}{% endset %}",
    ],
)
def test_nothing_gets_too_large(source: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TemplateError, match=r"is not for templates|it makes more than"):
            written(source)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{{ "a" ~ 1 ~ none }} {{ 1 + 2 }} {{ "a" + "b" }} {{ [1] + [2] }}', "a1None 3 ab [1, 2]"),
        (
            "{% for x in [1, 2] %}{{ loop.index }}/{{ loop.length }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "1/2, 2/2",
        ),
        ("{% for x in [] %}{% else %}none{% endfor %}", "none"),
        ('{% for x in "abc" if x != "b" %}{{ loop.nextitem is defined }}{{ x }}{% endfor %}', "TrueaFalsec"),
        ("{% for x in [1, [2]] recursive %}{{ loop(x) if x is iterable else x }}{% endfor %}", "12"),
        ('{% for key, value in {"a": 1}.items() %}{{ key }}{{ value }}{% endfor %}', "a1"),
        ('{{ 1.256|round(2) }} {{ [1, 2, 3]|batch(2, "-")|list }} {{ [3, 4]|sum }}', "1.26 [[1, 2], [3, '-']] 7"),
        (
            '{{ "a,b".split(",")|join(" + ") }} {{ "-".join(["a", "b"]) }} {{ "aa".replace("a", "b", 1) }}',
            "a + b a-b ba",
        ),
        ('{{ [{"n": "a"}, {"n": "b"}]|join(", ", attribute="n") }} {{ "aa"|replace("a", "b") }}', "a, b bb"),
    ],
)
def test_what_is_not_large_is_as_jinja_does_it(source: str, expected: str) -> None:
    assert written(source) == expected == jinja2.Environment().from_string(source).render()


def test_what_is_joined_in_html_is_escaped() -> None:
    source = {"a.html": '{{ b ~ "<i>" }}{{ "<i>" ~ b }}{{ ["<u>", b]|join("<s>"|safe) }}'}
    values = {"b": Markup("<b>")}
    made = Environment(jinja2.DictLoader(source)).render("a.html", values)
    plain = jinja2.Environment(loader=jinja2.DictLoader(source), autoescape=True)
    assert made == plain.get_template("a.html").render(values)
    assert made.startswith("<b>&lt;i&gt;")


def test_jinja_has_no_filter_that_is_not_watched() -> None:
    own = Environment(jinja2.DictLoader({})).filters
    assert [name for name in FILTERS if own.get(name) is FILTERS[name]] == []
    assert {name for name in FILTERS if name not in own} == {"center", "format", "indent"}


def test_who_made_much_leaves_room_for_the_next() -> None:
    environment = Environment(jinja2.DictLoader({}))
    times = bounds.ALTOGETHER // 1_000_000 - 10
    much = f'{{% set b = "x" * 10000 * 100 %}}{{% for i in range({times}) %}}{{% set c = b ~ "" %}}{{% endfor %}}'
    assert [environment.render_text("it", much, {}) for _ in range(3)] == ["", "", ""]


def test_there_is_no_filler_text() -> None:
    with pytest.raises(TemplateError, match="there is no `lipsum`"):
        written("{{ lipsum(n=3000000) }}")


@pytest.mark.parametrize(
    "use", ["{{ ns.x }}", "{{ ns.x|string|length }}", "{{ '' ~ ns.x }}", "{{ ns.x|tojson|length }}"]
)
@pytest.mark.parametrize("nest", ["[ns.x, ns.x]", "(ns.x, ns.x)", "{'a': ns.x, 'b': ns.x}"])
def test_lists_in_lists_become_no_gigabytes(use: str, nest: str) -> None:
    began = time.monotonic()
    with pytest.raises(TemplateError, match="not for templates"):
        written(
            "{% set ns = namespace(x=['a']) %}{% for i in range(40) %}{% set ns.x = " + nest + " %}{% endfor %}" + use
        )
    assert time.monotonic() - began < 3


def test_a_list_that_is_none_of_those_may_be_seen() -> None:
    assert written("{% set x = [1, ['a', {'b': (2, 3)}]] %}{{ x }} {{ 'x' ~ x }}") == (
        "[1, ['a', {'b': (2, 3)}]] x[1, ['a', {'b': (2, 3)}]]"
    )

"""What the compiler swallows, the linter names: file, line, remedy."""

from __future__ import annotations

import time

import mjml
import pytest

from newsletter.errors import TemplateError
from newsletter.text.compiling import compile_mjml
from newsletter.text.mjml_lint import lint
from tests.digests import TEMPLATES


def said(source: str) -> list[tuple[int, str]]:
    return [(slip.line, slip.message) for slip in lint(source, "mail.mjml")]


def in_column(inside: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column>\n{inside}\n</mj-column></mj-section></mj-body></mjml>"


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.mjml")), ids=lambda path: path.name)
def test_our_own_templates_are_sound(path: object) -> None:
    assert lint(path.read_text("utf-8"), str(path)) == []


@pytest.mark.parametrize(
    ("inside", "line", "words"),
    [
        ('<mj-text colour="#112233">x</mj-text>', 2, "no attribute colour; it is left out. Did you mean color?"),
        ("<mj-txet>x</mj-txet>", 2, "there is no <mj-txet>"),
        ('<mj-text\n  color="#abc">x</mj-text>', 3, "all six digits"),
        ("<mj-text color=red>x</mj-text>", 2, "needs quotes"),
        ("<mj-text><td width=3>x</td></mj-text>", 2, "needs quotes"),
        ('<mj-table role="presentation"><tr><td>x</td></tr></mj-table>', 2, "the role is lost"),
        ("<mj-section></mj-section>", 2, "cannot stand in <mj-column>; its place is <mj-body> or <mj-wrapper>"),
        ('<mj-text>\n<mj-button href="x">y</mj-button></mj-text>', 3, "is not compiled"),
        ('<mj-include path="x" />', 2, "{% include %}"),
        ('<mj-font name="A" href="https://example.org/f" />', 2, "would ask that server"),
        ('<mj-image src="a" />', 2, 'needs alt="…"'),
        ('<mj-image src="a"\n  alt="" href="b" />', 3, "a link without words"),
        ('<mj-image src="a" alt="" border-top="1px solid #123456" />', 2, "Write border"),
        ('<mj-image src="a" alt="">x</mj-image>', 2, "holds nothing"),
        ('<mj-image src="a" alt="" padding="0 1.5px" />', 2, "whole numbers with px"),
        ('<mj-image src="a" alt="" padding="5%" />', 2, "whole numbers with px"),
        ('<mj-image src="a" alt="" width="112" />', 2, "a number with px"),
        ('<mj-image src="a" alt="" width="11.5px" />', 2, "whole pixels"),
        ('<mj-text font-size="1em">x</mj-text>', 2, "a number with px"),
        ('<mj-text color="redd">x</mj-text>', 2, "no colour"),
        ('<mj-text align="start">x</mj-text>', 2, "left or center or right or justify"),
        ('<mj-text\ncss-class=".a">x</mj-text>', 3, "as they are"),
        ('<mj-text mj-class="a b">x</mj-text>', 2, "Make one class"),
        ('<mj-text color="#123456" color="#654321">x</mj-text>', 2, "color twice"),
        ("<mj-text color>x</mj-text>", 2, "needs a value"),
        ('<mj-button href="">x</mj-button>', 2, "leads nowhere"),
        ('<mj-button href="x" title="y">x</mj-button>', 2, "the title is lost"),
        ("<MJ-TEXT>x</MJ-TEXT>", 2, "Did you mean mj-text?"),
        ("<p>x</p>", 2, "Put it into mj-text"),
        ("\nwords", 3, "words stand in <mj-column>"),
        ("<mj-text><![CDATA[ 1 < 2 ]]></mj-text>", 2, "cannot read <![CDATA["),
        ("<mj-text>a</br>b</mj-text>", 2, "</br> closes nothing"),
        ("<mj-raw><!--[if mso]><table><tr><td><![endif]--></mj-raw>", 2, "while <td> of line 2 is still open"),
        ("<mj-social><!-- a --></mj-social>", 2, "confuses"),
        ('<mj-social><mj-social-element name="x" href="y">X</mj-social-element></mj-social>', 2, "www.mailjet.com"),
        ('<mj-accordion icon-wrapped-url="a"></mj-accordion>', 2, "i.imgur.com. Give it yours: icon-unwrapped-url"),
        ("<mj-navbar><mj-raw>x</mj-raw></mj-navbar>", 2, "cannot stand in <mj-navbar>"),
        ("<mj-text>1 < 2</mj-text>", 2, "a bare <"),
        ("<mj-text><p>x</mj-text>", 2, "comes while <p> of line 2 is still open"),
        ("<mj-text>x</mj-text></p>", 2, "</p> comes while <mj-column>"),
        ("{% if a %}\n<mj-text>\n{% endif %}", 5, "while <mj-text> of line 3 is still open"),
    ],
)
def test_each_gap_is_named_with_its_line(inside: str, line: int, words: str) -> None:
    found = said(in_column(inside))
    assert any(at == line and words in message for at, message in found), found


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ('<mjml><mj-head>\n<mj-style inline="inline">p{}</mj-style></mj-head></mjml>', 2, "not inlined"),
        ("<mjml><mj-head>\n<mj-html-attributes></mj-html-attributes></mj-head></mjml>", 2, "does not know it"),
        ('<mjml><mj-body>\n<mj-wrapper gap="3px"></mj-wrapper></mj-body></mjml>', 2, "the gap is lost"),
        ("<mjml>\n<mj-section></mj-section></mjml>", 2, "cannot stand in <mjml>"),
        ("<mj-text>\n\n<b>x", 3, "never closed"),
        ("{% macro a() %}\n<b>\n{% endmacro %}", 2, "never closed"),
        ("<mjml><mj-body><mj-wrapper>\n<mj-raw>x</mj-raw></mj-wrapper></mj-body></mjml>", 2, "seen in Outlook alone"),
        ("<mjml><mj-body>\n<mj-hero padding='1px 0'></mj-hero></mj-body></mjml>", 2, "elements inside a padding"),
        ("<mjml><mj-body>\n<mj-section full-width='false'></mj-section></mj-body></mjml>", 2, "it can say full-width"),
        ("<mjml><mj-body></mj-body>\n<mj-body></mj-body></mjml>", 2, "a second time"),
        ("<mjml><mj-head>\n<mj-title>a <b>b</b></mj-title></mj-head></mjml>", 2, "holds no tags"),
        ("<mj-attributes>\n<mj-text colour='#123456' /></mj-attributes>", 2, "no attribute colour"),
        (
            "<mj-attributes>\n<mj-txet color='#123456' /></mj-attributes>",
            2,
            "is lost. Did you mean mj-text?",
        ),
        ("<mj-attributes>\n<mj-body width='500px' /></mj-attributes>", 2, "on <mj-body> itself"),
        ("<mj-attributes>\n<mj-class color='#123456' /></mj-attributes>", 2, "needs a name"),
        ("<mj-attributes>\n<!-- a --></mj-attributes>", 2, "confuses"),
        ("<mj-attributes><mj-class name='a'>\n<mj-text /></mj-class></mj-attributes>", 2, "holds nothing"),
    ],
)
def test_gaps_outside_a_column(source: str, line: int, words: str) -> None:
    assert any(at == line and words in message for at, message in said(source)), said(source)


@pytest.mark.parametrize(
    ("widths", "body", "words"),
    [
        (("60%", "60%"), "", "need 120%"),
        (("400px", "300px"), "", "need 700px"),
        (("300px", "112px"), 'width="400px"', "need 412px"),
        (("50%", "400px"), "", "need 50% and 400px"),
        (("33.34%", "33.33%", "33.33%"), "", None),
        (("440px", "160px"), "", None),
        (("60%", "{{ width }}"), "", None),
        (("60%", "{% if a %}60%{% else %}40%{% endif %}"), "", None),
        (("90%",), "", None),
    ],
)
def test_columns_fit_beside_each_other(widths: tuple[str, ...], body: str, words: str | None) -> None:
    columns = "".join(f'<mj-column width="{width}"></mj-column>' for width in widths)
    found = said(f"<mjml><mj-body {body}>\n<mj-section>{columns}</mj-section></mj-body></mjml>")
    assert [line for line, _ in found] == ([2] if words else [])
    assert all(words in message for _, message in found if words)


def test_columns_in_a_branch_are_not_added_up() -> None:
    column = '<mj-column width="60%"></mj-column>'
    assert said(f"<mj-section>{{% if a %}}{column}{{% else %}}{column}{{% endif %}}</mj-section>") == []


@pytest.mark.parametrize(
    "source",
    [
        in_column("<mj-text {% if a %}color='#123456'{% else %}color='#654321'{% endif %}>x</mj-text>"),
        in_column("<mj-text padding='{{ a }}px 0' align='{{ start }}' color='{{ a }}'>x</mj-text>"),
        in_column("<mj-image {{ attributes }} /><mj-image src='a' {% if a %}alt='b'{% else %}alt=''{% endif %} />"),
        in_column(
            "{{ parts.row(story) }}{% set cell %}<td>words</td>{% endset %}{% macro a() %}<p>x</p>{% endmacro %}"
        ),
        in_column(
            "<mj-text><!--[if mso]><table><tr><td><![endif]-->x<!--[if mso]></td></tr></table><![endif]--></mj-text>"
        ),
        in_column(
            "<mj-text line-height='1.5' padding='4px 0 0' letter-spacing='-0.01em' color='rgb(1,2,3)'>x</mj-text>"
        ),
        in_column('<mj-text {{ attributes }} color="{{ colour }}">{{ x if y < 3 else "<b>" }}</mj-text>'),
        in_column("{% if a < 3 %}<mj-text>a</mj-text>{% else %}<mj-spacer />{% endif %}"),
        in_column("{% if a %}<mj-text>{% elif b %}<mj-text align='left'>{% else %}<mj-text>{% endif %}x</mj-text>"),
        in_column("<!-- <mj-nonsense> 1 < 2 -->{# <mj-nonsense> #}<mj-text>x<br>y<img src='a' alt=''></mj-text>"),
        in_column("<mj-text><DIV hidden>x</div></mj-text>"),
        "<mjml><mj-head><mj-style>a > b{color:#abc}</mj-style><mj-attributes><mj-all font-family='x' />"
        "<mj-class name='y' color='#112233' /></mj-attributes></mj-head></mjml>",
        "{% block rows %}<tr><td>x</td></tr>{% endblock %}",
        "{% macro cell(x) %}\n<td>{{ x }}</td>\n{% endmacro %}",
    ],
)
def test_what_is_right_is_left_alone(source: str) -> None:
    assert said(source) == []


@pytest.mark.parametrize(
    ("swallowed", "trace"),
    [
        ('<mj-table role="presentation"><tr><td>x</td></tr></mj-table>', 'role="presentation"><tr><td>x'),
        ('<mj-text colour="#123456">x</mj-text>', "#123456"),
    ],
)
def test_the_compiler_really_swallows_it(swallowed: str, trace: str) -> None:
    """When a later compiler learns it, this test says that the linter may forget it."""
    assert trace not in mjml.mjml2html(in_column(swallowed))


def test_a_style_that_should_be_inlined_really_is_not() -> None:
    source = (
        '<mjml><mj-head><mj-style inline="inline">p{color:red}</mj-style></mj-head>'
        "<mj-body><mj-raw><p>x</p></mj-raw></mj-body></mjml>"
    )
    assert "<p>x</p>" in mjml.mjml2html(source)


def test_depth_is_measured_before_the_compiler_sees_it() -> None:
    with pytest.raises(TemplateError, match="its elements stand too deep"):
        compile_mjml("x.mjml", "<div>" * 201)
    flat = "<br><img src='x'><hr/>" * 500 + "<div></div>" * 500
    around = "<mjml><mj-body><mj-section><mj-column><mj-text>", "</mj-text></mj-column></mj-section></mj-body></mjml>"
    assert "<div></div>" in compile_mjml("x.mjml", flat.join(around))


@pytest.mark.parametrize("line_end", ["", "\n"])
def test_a_tree_without_bottom_is_left_at_its_200th_element(line_end: str) -> None:
    deep = "<mjml><mj-body><mj-raw>" + f"<div>{line_end}" * 20_000 + f"</div>{line_end}" * 20_000
    began = time.process_time()
    [(line, words)] = said(deep)
    assert time.process_time() - began < 3  # it was 15 seconds, for looking up all that is open at each element
    assert line == (197 if line_end else 1)
    assert "too deep" in words


def test_a_long_template_costs_no_more_than_its_length() -> None:
    began = time.process_time()
    assert said(in_column("<mj-text>" + "<i>x</i>\n" * 50_000 + "</mj-text>")) == []
    assert time.process_time() - began < 5

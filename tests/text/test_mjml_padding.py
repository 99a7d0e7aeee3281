"""A nought in a padding has a unit before the compiler reckons with it."""

from __future__ import annotations

import re

import pytest

from newsletter.text.compiling import compile_mjml
from newsletter.text.mjml_lint import lint
from newsletter.text.mjml_padding import with_units

PICTURE = '<mj-image src="https://example.org/a.png" alt="a" />'


@pytest.mark.parametrize(
    ("written", "padded"),
    [
        ('<mj-section padding="0 24px">', '<mj-section padding="0px 24px">'),
        ("<mj-column padding='0 0 4px 0'>", "<mj-column padding='0px 0px 4px 0px'>"),
        ('<mj-image alt="a" padding = "10px 0"/>', '<mj-image alt="a" padding = "10px 0px"/>'),
        ('<mj-all padding-left="0" />', '<mj-all padding-left="0px" />'),
        ('<mj-wrapper\n  padding="0 1px">', '<mj-wrapper\n  padding="0px 1px">'),
    ],
)
def test_a_nought_gets_its_unit(written: str, padded: str) -> None:
    assert with_units(written) == padded


@pytest.mark.parametrize(
    "written",
    [
        '<mj-section padding="0">',
        '<mj-section padding-top="0">',
        '<mj-section padding="10px 20px">',
        '<mj-text padding="0 24px">padding="0 24px"</mj-text>',
        '<mj-sections padding="0 24px">',
        '<mj-image alt="0 24px" title="padding of 0 24px" />',
        "<mj-image alt=\"padding='0 1px'\" />",
        '<td style="padding:0 24px">',
    ],
)
def test_all_else_stays_as_it_is(written: str) -> None:
    assert with_units(written) == written


@pytest.mark.parametrize("how", ['padding="%s"', 'mj-class="k"'])
def test_widths_are_reckoned_with_it(how: str) -> None:
    """The picture of a section with 24 px on each side is 552 wide, less the 50 that it keeps itself."""

    def width(padding: str) -> str:
        inside = f"<mj-section {how.replace('%s', padding)}><mj-column>{PICTURE}</mj-column></mj-section>"
        klass = f'<mj-head><mj-attributes><mj-class name="k" padding="{padding}" /></mj-attributes></mj-head>'
        source = f"<mjml>{klass}<mj-body>{inside}</mj-body></mjml>"
        assert lint(source, "x.mjml") == []
        return re.findall(r'<img[^>]* width="(\d+)"', compile_mjml("x.mjml", source))[0]

    assert width("0 24px") == width("0px 24px") == "502"

"""What templates can do with a value."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from newsletter.domain.finding import warn
from newsletter.text.filters import coded
from tests.digests import renderer
from tests.notice_samples import given

SAID = "`site.url` is not https"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (SAID, "<code>site.url</code> is not https"),
        ("`a` and `b`", "<code>a</code> and <code>b</code>"),
        ("`<b>` & co", "<code>&lt;b&gt;</code> &amp; co"),
        ("one ` alone, and ``", "one ` alone, and ``"),
        ("not `over\nlines`", "not `over\nlines`"),
        (Markup("<bdi>`x`</bdi>"), "<bdi><code>x</code></bdi>"),
    ],
)
def test_what_stands_between_backticks_is_code(text: str, html: str) -> None:
    assert coded(text) == html
    assert isinstance(coded(text), Markup)


@pytest.mark.parametrize(
    "changed",
    [
        {"findings": [warn("site", SAID, "Set `site.url`.")]},
        {"trouble": SAID},
    ],
    ids=["finding", "trouble"],
)
def test_a_reminder_shows_code_as_code(changed: dict[str, object]) -> None:
    made = renderer().notice("reminder", given("reminder", **changed))
    assert "<code>site.url</code>" in made.html
    assert "`" not in made.html
    assert "`site.url`" in made.text

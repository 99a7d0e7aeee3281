"""What the linter lets through, both compilers make the same of."""

from __future__ import annotations

import pytest

from newsletter.text.compiling import compile_mjml
from newsletter.text.mjml_lint import lint
from tests.parity.differences import different
from tests.parity.hard import HARD
from tests.parity.reference import Compiled, Reference


@pytest.fixture(scope="module")
def theirs(mjml_of_npm: Reference) -> dict[str, Compiled]:
    return dict(zip(HARD, mjml_of_npm.render(list(HARD.values())), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", HARD)
def test_a_hard_email_is_the_same_from_both(name: str, theirs: dict[str, Compiled]) -> None:
    assert theirs[name].errors == ()
    assert different(compile_mjml(name, HARD[name]), theirs[name].html) == []


@pytest.mark.parametrize("name", HARD)
def test_a_hard_email_is_sound(name: str) -> None:
    assert lint(HARD[name], name) == []


@pytest.mark.slow
def test_a_difference_is_seen(mjml_of_npm: Reference) -> None:
    """The comparison itself: one word, one width, one colour, one link, one role of another kind."""
    source = HARD["columns in pixels"]
    [compiled] = mjml_of_npm.render([source])
    ours = compile_mjml("x", source)
    for mine, yours in ((">x<", ">y<"), ("112px", "113px"), ("a.png", "b.png"), ('role="presentation"', 'role="none"')):
        assert mine in ours
        assert different(ours.replace(mine, yours), compiled.html)
    assert different(ours.replace("[if mso | IE]", "[if mso]"), compiled.html)

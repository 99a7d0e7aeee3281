"""Where our compiler does something else than MJML's own, the linter says so; and where not, it is silent."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from newsletter.text.mjml_lint import lint
from tests.parity.differences import difference
from tests.parity.probes import PLACES, attribute_probes, nesting_probes
from tests.parity.reference import Reference

pytestmark = pytest.mark.long

# The linter speaks though both compilers do the same, and should: what both do is no good in an email.
BETTER_SAID = ("Outlook", "href", "it can say", "lost", "first wins", "needs", "not compiled", "holds no", "confuses")


def swallowed(compiler: Reference, probes: Iterable[tuple[str, str]]) -> list[str]:
    """The probes where the compilers differ, or theirs complains, and the linter says nothing."""
    told = list(probes)
    found = []
    for (label, source), theirs in zip(told, compiler.render([source for _, source in told]), strict=True):
        if not lint(source, "probe.mjml"):
            found += [f"{label}: {said}" for said in (*theirs.errors, *difference(source, theirs))][:3]
    return found


def test_no_attribute_is_swallowed_in_silence(mjml_of_npm: Reference) -> None:
    assert swallowed(mjml_of_npm, attribute_probes(mjml_of_npm.attributes())) == []


def test_no_element_is_swallowed_in_silence(mjml_of_npm: Reference) -> None:
    assert swallowed(mjml_of_npm, nesting_probes()) == []


def test_the_places_of_the_probes_are_sound_themselves() -> None:
    for component, places in PLACES.items():
        for place in places:
            assert lint(place.replace("@", ""), component) == []


def test_the_linter_is_silent_where_both_compilers_agree(mjml_of_npm: Reference) -> None:
    probes = [*attribute_probes(mjml_of_npm.attributes()), *nesting_probes()]
    wrong = []
    for (label, source), theirs in zip(probes, mjml_of_npm.render([source for _, source in probes]), strict=True):
        said = [finding.message for finding in lint(source, "probe.mjml")]
        if said and not theirs.errors and not any(word in told for told in said for word in BETTER_SAID):
            wrong += [f"{label}: {said[0]}"] if not difference(source, theirs) else []
    assert wrong == []

"""Where our compiler does something else than MJML's own, or MJML's own complains, the linter says so."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from newsletter.text.mjml_lint import lint
from tests.parity.differences import difference
from tests.parity.probes import PLACES, attribute_probes, nesting_probes
from tests.parity.reference import Compiled, Reference

pytestmark = pytest.mark.long


@dataclass(frozen=True, slots=True)
class Probed:
    """`said` is what the linter says; `others` what theirs says, and where both differ."""

    label: str
    said: tuple[str, ...]
    others: tuple[str, ...]


@pytest.fixture(scope="module")
def probed(mjml_of_npm: Reference) -> list[Probed]:
    probes = [*attribute_probes(mjml_of_npm.attributes()), *nesting_probes()]
    rendered = mjml_of_npm.render([source for _, source in probes])
    return [_probed(label, source, theirs) for (label, source), theirs in zip(probes, rendered, strict=True)]


def _probed(label: str, source: str, theirs: Compiled) -> Probed:
    said = tuple(slip.message for slip in lint(source, "probe.mjml"))
    return Probed(label, said, (*theirs.errors, *difference(source, theirs)))


def test_nothing_is_swallowed_in_silence(probed: list[Probed]) -> None:
    assert [(probe.label, *probe.others[:3]) for probe in probed if probe.others and not probe.said] == []


def test_the_places_of_the_probes_are_sound_themselves() -> None:
    for component, places in PLACES.items():
        for place in places:
            assert lint(place.replace("@", ""), component) == []

"""Every rule, in the order in which their findings are told. Adding one: docs/recipes/add-a-rule.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from newsletter.preflight.examined import Examined
from newsletter.preflight.finding import Finding
from newsletter.preflight.rules import fields, law, links, pictures, size, slots, stories, syntax

Rule = Callable[[Examined], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    slots.unfilled_slot,
    slots.no_way_out,
    fields.cannot_be_made,
    fields.field,
    size.too_long,
    syntax.template_syntax,
    stories.no_text_part,
    stories.homeless_story,
    stories.not_in_the_text,
    pictures.no_alt,
    links.to_this_machine,
    links.leads_nowhere,
    law.postal_address,
    law.not_https,
)

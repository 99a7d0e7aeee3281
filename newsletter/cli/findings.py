"""How preflight's findings look: what stops the issue first, each with its place and remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from newsletter.cli import output
from newsletter.cli.words import count

if TYPE_CHECKING:
    from newsletter.services.preflight import Finding

_NOTED = 5  # warnings beside an answer


def findings_json(issue: int, findings: Sequence[Finding]) -> dict[str, Any]:
    told = [{**asdict(finding), "level": finding.level.value, "message": finding.message} for finding in findings]
    return {"issue": issue, "passed": not _of(findings, "block"), "findings": told}


def show_findings(findings: Sequence[Finding]) -> None:
    """By severity, and what it comes to at the end."""
    blocks, warnings = _of(findings, "block"), _of(findings, "warn")
    _show_group(f"[bold red]{count(len(blocks), 'thing stops it', 'things stop it').capitalize()}[/]", blocks)
    _show_group(f"[bold yellow]{count(len(warnings), 'warning').capitalize()}[/]", warnings)
    output.say(_verdict(len(blocks), len(warnings)))


def note_findings(issue: int, findings: Sequence[Finding]) -> None:
    """Warnings beside an answer: the first ones, and no remedies, for they are not what was asked for."""
    for finding in findings[:_NOTED]:
        output.note(f"[yellow]warning:[/] {output.plain(finding.reason)}")
    if findings:
        rest = f"… and {count(len(findings) - _NOTED, 'more', 'more')}; " if len(findings) > _NOTED else ""
        output.note(f"{rest}[bold]newsletter check {issue}[/] tells what to do.")


def _verdict(blocks: int, warnings: int) -> str:
    if blocks:
        return "[red]It must not be sent like this.[/]"
    look = f" Look at the {count(warnings, 'warning')} first." if warnings > 1 else ""
    return (
        f"[green]It may be sent.[/]{look}"
        if warnings
        else "[green]It may be sent.[/] There is nothing to find fault with."
    )


def _of(findings: Sequence[Finding], level: str) -> list[Finding]:
    return [finding for finding in findings if finding.level.value == level]


def _show_group(heading: str, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    output.say(heading)
    for finding in findings:
        output.say(f"  [bold]{output.plain(finding.place)}[/]: {output.plain(finding.reason)}")
        if finding.remedy:
            output.say(f"    [dim]→ {output.plain(finding.remedy)}[/]")
    output.say()

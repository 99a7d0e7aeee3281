"""How preflight's findings look: what stops the issue first, each with its place and remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from newsletter.cli import output
from newsletter.cli.words import count
from newsletter.domain.finding import blocking, warnings

if TYPE_CHECKING:
    from newsletter.domain.finding import Finding

_NOTED = 5  # warnings beside an answer


def findings_json(issue: int, findings: Sequence[Finding]) -> dict[str, Any]:
    told = [{**asdict(finding), "level": finding.level.value, "message": finding.message} for finding in findings]
    return {"issue": issue, "passed": not blocking(findings), "findings": told}


def show_findings(findings: Sequence[Finding]) -> None:
    """By severity, and what it comes to at the end."""
    stop, warn = blocking(findings), warnings(findings)
    _show_group(f"[bold red]{count(len(stop), 'thing stops it', 'things stop it').capitalize()}[/]", stop)
    _show_group(f"[bold yellow]{count(len(warn), 'warning').capitalize()}[/]", warn)
    output.say(_verdict(len(stop), len(warn)))


def note_findings(issue: int, findings: Sequence[Finding]) -> None:
    """Findings beside an answer: the first ones, and no remedies, for they are not what was asked for."""
    for finding in findings[:_NOTED]:
        label = "[red]this stops it:[/]" if finding.blocks else "[yellow]warning:[/]"
        output.note(f"{label} {output.plain(finding.reason)}")
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


def _show_group(heading: str, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    output.say(heading)
    for finding in findings:
        output.say(f"  [bold]{output.plain(finding.place)}[/]: {output.plain(finding.reason)}")
        if finding.remedy:
            output.say(f"    [dim]→ {output.plain(finding.remedy)}[/]")
    output.say()

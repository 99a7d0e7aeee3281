"""How issues and accounts look: as JSON, and as tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from newsletter.cli import output
from newsletter.cli.session import Session
from newsletter.cli.summary import coloured
from newsletter.cli.words import brief, count, iso, shared_zone
from newsletter.domain.accounting import COUNTED
from newsletter.text.clocks import moment

if TYPE_CHECKING:
    from newsletter.domain.accounting import Accounting, DomainCount, Headway, ReasonCount
    from newsletter.domain.issue import Issue, IssueHead, ListedIssue

_STATES = {"sent": "green", "sending": "cyan", "paused": "yellow", "cancelled": "dim", "scheduled": "cyan"}
_SCREENFUL = 200
_NOTE_SHOWN = 160


def issue_json(
    issue: Issue | ListedIssue,
    books: Accounting | None = None,
    domains: Sequence[DomainCount] | None = None,
    reasons: Sequence[ReasonCount] | None = None,
    headway: Headway | None = None,
) -> dict[str, Any]:
    """An issue as `build`, `issues` and `show` print it: each adds what it knows."""
    told: dict[str, Any] = {
        "id": issue.id,
        "newsletter": issue.newsletter,
        "edition": issue.edition,
        "number": issue.number,
        "state": issue.state.value,
        "subject": issue.subject,
        "preheader": issue.preheader,
        "stories": [{"title": s.title, "url": s.url, "also": [dict(also) for also in s.also]} for s in issue.stories],
        "html_bytes": issue.html_bytes,
        "hash": issue.hash,
        "built_at": iso(issue.built_at),
        "as_of": iso(issue.as_of),
        "scheduled_for": iso(issue.scheduled_for),
        "started_at": iso(issue.started_at),
        "finished_at": iso(issue.finished_at),
        "notes": list(issue.notes),
        "note": issue.note,
        "edited": issue.edited,
    }
    if books is not None:
        told |= books_json(books)
    if domains is not None:
        told["by_domain"] = [asdict(one) for one in domains]
    if reasons is not None:
        told["reasons"] = [asdict(one) for one in reasons]
        told["rate"] = headway.rate if headway else None
        told["seconds_left"] = headway.seconds_left if headway else None
        told["reason"] = told["reason"] or (headway.waits_for if headway else "")
    return told


def books_json(books: Accounting) -> dict[str, Any]:
    """The accounting as `send` prints it."""
    counts = {name: getattr(books, name) for name in ("recipients", *COUNTED)}
    told = {"issue": books.issue, "state": books.state.value, **counts, "seconds": round(books.seconds, 3)}
    return {**told, "reason": books.reason}


def show_issue(session: Session, issue: Issue) -> None:
    """What an issue is, and what it holds."""
    zone = session.app.zone(issue.newsletter, issue.edition)
    output.say(f"[bold]Issue {issue.id}[/]  {_name(issue)}  {_standing(issue)}")
    output.say(f"[bold]{output.plain(issue.subject)}[/]")
    told = {
        "built": issue.built_at,
        "due": issue.scheduled_for if issue.state.value == "scheduled" else None,
        "started": issue.started_at,
        "ended": issue.finished_at,
    }
    if issue.is_ahead:
        told["as of"] = issue.as_of
    times = [f"{word} {moment(at, zone)}" for word, at in told.items() if at]
    output.say(f"[dim]{' · '.join(times)} · {issue.html_bytes / 1024:.0f} KB · hash {issue.hash[:12]}[/]")
    for number, story in enumerate(issue.stories, 1):
        also = f" [dim](and {count(len(story.also), 'other version')})[/]" if story.also else ""
        output.say(f"  {number:>2}. {output.plain(story.title)}{also}")
    if issue.note:
        output.say(f"  [cyan]the editor writes:[/] {output.plain(beginning(issue.note))}")
    for note in issue.notes:
        output.say(f"  [yellow]note:[/] {output.plain(note)}")


def _standing(issue: IssueHead) -> str:
    """Its state, and whether somebody edited it while that still matters."""
    return f"{_state(issue)}{', edited' if issue.keeps_edits else ''}"


def beginning(note: str) -> str:
    """The first words of an editor's note, on one line."""
    from newsletter.text.note import spelled_out
    from newsletter.text.preheader import cut

    return cut(spelled_out(" ".join(note.split())), _NOTE_SHOWN)


def show_issues(session: Session, issues: Sequence[ListedIssue], books: Mapping[int, Accounting]) -> None:
    zone, now = cache(session.app.zone), session.app.clock()
    whens = [brief(_last_moment(issue), zone(issue.newsletter, issue.edition), now) for issue in issues]
    shared = shared_zone(whens) if sys.stdout.isatty() else ""
    table = output.table(
        ("Id", "right"),
        ("Newsletter", "last"),
        ("State", "whole"),
        (f"When{shared and f' ({shared})'}", "whole"),
        ("Sent", "right"),
        "Subject",
    )
    for issue, when in zip(issues, whens, strict=True):
        book = books[issue.id]
        sent = f"{book.sent:,}/{book.recipients:,}" if book.recipients else ""
        subject = output.plain(issue.subject)
        table.add_row(str(issue.id), _name(issue), _standing(issue), when.removesuffix(f" {shared}"), sent, subject)
    output.show(table)


def _last_moment(issue: IssueHead) -> datetime:
    """What a list tells of an issue's times: when it ended or began, is to begin, or was built."""
    due = issue.scheduled_for if issue.state.value == "scheduled" else None
    return issue.finished_at or issue.started_at or due or issue.built_at


def tell_deliveries(session: Session, issue: Issue, rows: Iterator[dict[str, Any]], *, as_json: bool) -> None:
    """One line of the ledger after the other, as they are read."""
    if as_json:
        _stream(rows)
        return
    first = list(islice(rows, 1))
    if not first:
        draft = issue.state.value in ("draft", "scheduled")
        output.say("Not sent to anybody yet: it has no deliveries." if draft else "No deliveries like that.")
        return
    every = chain(first, rows)
    zone, now = session.app.zone(issue.newsletter, issue.edition), session.app.clock()
    cells = (_delivery(row, zone, now) for row in every)
    table = output.table(
        ("Address", "last"),
        ("State", "whole"),
        ("Tries", "right"),
        ("At", "whole"),
        ("Answer", "below"),
    )
    output.show_long(table, islice(cells, _SCREENFUL) if sys.stdout.isatty() else cells)
    if rest := sum(1 for _ in every):
        output.say(f"… and {count(rest, 'more', 'more')}; --json or a pipe shows all.")


def tell_addresses(rows: Iterator[dict[str, Any]]) -> None:
    """As `subscribers remove -` reads them. Who was erased has none."""
    for row in rows:
        if row["email"]:
            output.say(output.plain(row["email"]))


def _delivery(row: dict[str, Any], zone: str, now: datetime) -> tuple[str, ...]:
    answer = " ".join(part for part in (str(row["code"] or ""), row["status"], row["text"]) if part)
    when = brief(row["at"], zone, now) if row["at"] else ""
    state = coloured(row["state"], row["state"])
    return (output.plain(row["email"] or "(erased)"), state, str(row["attempts"]), when, output.plain(answer))


def _stream(rows: Iterable[dict[str, Any]]) -> None:
    out, separator = output.data(), "[\n"
    for row in rows:
        plain = {key: iso(value) if isinstance(value, datetime) else value for key, value in row.items()}
        out.write(f"{separator}  {json.dumps(plain, ensure_ascii=False)}")
        separator = ",\n"
    out.write("[]\n" if separator == "[\n" else "\n]\n")


def _name(issue: IssueHead) -> str:
    edition = "" if issue.edition == "main" else f" {issue.edition}"
    return output.plain(f"{issue.newsletter}{edition} #{issue.number}")


def _state(issue: IssueHead) -> str:
    return f"[{_STATES.get(issue.state.value, 'default')}]{issue.state.value}[/]"

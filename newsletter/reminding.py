"""What an editor's reminder says: made when it is sent, so that it tells how things are then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from newsletter.app import App
from newsletter.checking import inspect
from newsletter.domain.delivery import Envelope
from newsletter.domain.edition import Edition
from newsletter.domain.finding import blocking
from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.notice import NoticeKind
from newsletter.errors import WrongState
from newsletter.outgoing import preview, stand_in
from newsletter.services.notices import Compose, Letter, letter
from newsletter.services.remind import Editor
from newsletter.store import issues, runs, subscribers
from newsletter.store.notices import Notice
from newsletter.text.address import normalise
from newsletter.text.dates import full_date
from newsletter.text.headers import mailbox


def composers(app: App) -> Mapping[str, Compose]:
    """Who writes the notices that are no template alone, by kind."""
    return {NoticeKind.REMINDER: partial(_reminder, app), NoticeKind.PREVIEW: partial(_preview, app)}


def editors(app: App, newsletter: str) -> list[Editor]:
    """Whom config.yaml names as the newsletter's editors. Raises AddressError for one that cannot be mailed."""
    addresses = dict.fromkeys(normalise(mailbox(one)[1]) for one in app.newsletter(newsletter).editor)
    return [Editor(address, app.signer.person(address)) for address in addresses]


def reminder_values(app: App, edition: Edition, due: datetime, issue: Issue | None, trouble: str) -> dict[str, object]:
    """What the template of a reminder may use (text.render.NOTICES)."""
    local = due.astimezone(ZoneInfo(edition.timezone))
    with app.database.read() as connection:
        readers = subscribers.count_active(connection, edition.newsletter, edition.key)
    page = f"{edition.site_url}/admin/issues/{issue.id}/preview" if issue and app.config.web.password else ""
    findings = inspect(app, issue) if issue else []
    return {
        "edition": edition,
        "day": full_date(local.date(), edition.language),
        "clock": f"{local:%H:%M}",
        "zone": f"{edition.timezone}, UTC{local.isoformat()[-6:]}",
        "issue": issue,
        "readers": readers,
        "findings": findings,
        "blocked": bool(blocking(findings)),
        "trouble": trouble,
        "preview_url": page,
        "commands": _commands(edition, issue),
    }


def _commands(edition: Edition, issue: Issue | None) -> list[tuple[str, str]]:
    """What an editor may type, each with the name of its explanation among the phrases of a notice."""
    whose = f"{edition.newsletter} --edition {edition.key}"
    build, skip = (f"newsletter build {whose}", "does_build"), (f"newsletter skip {whose}", "does_skip")
    if issue is None:
        return [build, skip]
    number = issue.id
    if issue.edited:  # no `build` touches it
        build = (f"newsletter edit {number} --undo", "does_build")
    edit = [(f"newsletter edit {number} --without 2", "does_edit")] if len(issue.stories) > 1 else []
    return [
        (f"newsletter preview {number} --open", "does_preview"),
        *edit,
        build,
        (f"newsletter check {number}", "does_check"),
        skip,
    ]


def _reminder(app: App, notice: Notice, now: datetime) -> Letter:
    edition = app.edition(notice.newsletter, notice.edition)
    due, issue = _still_to_come(app, notice, now)
    values = reminder_values(app, edition, due, issue, notice.data["trouble"])
    return letter(notice, edition, app.renderer.notice(NoticeKind.REMINDER, values), app.signer, now)


def _preview(app: App, notice: Notice, now: datetime) -> Letter:
    _, issue = _still_to_come(app, notice, now)
    if issue is None:
        raise WrongState("there is no issue to show.")
    ready = preview(app, issue)
    reader = ready.reader_of(stand_in(app, notice.email))
    domain = reader.message_id.rpartition("@")[2]
    own = app.signer.person(f"notice {notice.id}").hex()[:24]
    chunks = ready.message.fill(reader._replace(message_id=f"preview.{issue.id}.{own}@{domain}"))
    return Envelope(ready.return_path, notice.email), chunks


def _still_to_come(app: App, notice: Notice, now: datetime) -> tuple[datetime, Issue | None]:
    """When the issue falls due, and the issue. Raises WrongState when a reminder comes too late, or for nothing."""
    due = datetime.fromisoformat(notice.data["due"])
    if now >= due:
        raise WrongState("the issue fell due before this could be sent.")
    zone = ZoneInfo(app.zone(notice.newsletter, notice.edition))
    told = notice.data.get("date")  # one that was queued by an early version has none
    day = date.fromisoformat(told) if told else due.astimezone(zone).date()
    with app.database.read() as connection:
        if day in runs.skipped_by_hand(connection, notice.newsletter, notice.edition, day):
            raise WrongState("its date is skipped meanwhile.")
    if not notice.data["issue"]:
        return due, None
    with app.database.read() as connection:
        issue = issues.get(connection, int(notice.data["issue"]))
    if issue.state is not IssueState.DRAFT:
        raise WrongState(f"issue {issue.id} is {issue.state.value} meanwhile.")
    return due, issue

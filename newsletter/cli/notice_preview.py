"""`preview --notice`: the mails about a subscription, and the editor's reminder, as files. Nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.cli.words import one_of
from newsletter.errors import UsageError

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.issue import Issue
    from newsletter.domain.notice import NoticeKind
    from newsletter.services.notices import NoticeText
    from newsletter.store.notices import Notice

ALL = "all"
_SOMEBODY = "reader@example.com"


def write_notices(app: App, issue: Issue, kind: str, out: Path) -> list[Path]:
    """The notice of that kind, or all of them, in the hand of the issue's edition: .html, .txt and .eml each.

    Its links are of the real form and lead nowhere. Raises UsageError for a kind that does not exist.
    """
    from newsletter.text.render import NOTICES

    if kind not in (*NOTICES, ALL):
        raise UsageError(one_of("notice", kind, [*NOTICES, ALL]))
    out.mkdir(parents=True, exist_ok=True)
    wanted = [each for each in NOTICES if kind in (each, ALL)]
    return [file for each in wanted for file in _write(app, issue, each, out)]


def _write(app: App, issue: Issue, kind: NoticeKind, out: Path) -> list[Path]:
    from newsletter.services.notices import letter
    from newsletter.store.notices import Notice

    edition, now = app.edition(issue.newsletter, issue.edition), app.clock()
    notice = Notice(0, kind, _SOMEBODY, issue.newsletter, issue.edition, {"payload": "0::"}, 1, now)
    rendered = _rendered(app, issue, notice)
    _, chunks = letter(notice, edition, rendered, app.signer, now)
    files = [out / f"notice-{kind}.{suffix}" for suffix in ("html", "txt", "eml")]
    for file, content in zip(files, (rendered.html.encode(), rendered.text.encode(), b"".join(chunks)), strict=True):
        file.write_bytes(content)
    return files


def _rendered(app: App, issue: Issue, notice: Notice) -> NoticeText:
    from newsletter.domain.notice import NoticeKind
    from newsletter.domain.occurrence import next_occurrence
    from newsletter.reminding import reminder_values
    from newsletter.services.notices import values_for

    edition = app.edition(issue.newsletter, issue.edition)
    if notice.kind == NoticeKind.REMINDER:
        schedule = app.schedule(issue.newsletter, issue.edition)
        due = next_occurrence(schedule, app.clock()).at if schedule else app.clock()
        return app.renderer.notice(NoticeKind.REMINDER, reminder_values(app, edition, due, issue, ""))
    return app.renderer.notice(NoticeKind(notice.kind), values_for(notice, edition, app.signer))

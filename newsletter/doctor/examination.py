"""All examinations in the order in which a person would put things right."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from newsletter.app import App, package_templates
from newsletter.cli.words import count
from newsletter.delivering import is_alone
from newsletter.doctor import dns, mail, published, samples, subjects, unused
from newsletter.doctor.symptom import Symptom, error, note, ok, warning
from newsletter.domain.issue import IssueState
from newsletter.domain.occurrence import ON_TIME, longest_gap
from newsletter.errors import NewsletterError, SourceError, StoreError, TemplateError
from newsletter.schedule import Planned, planned, upcoming
from newsletter.services.due import pending, trouble
from newsletter.sources.base import SourceState
from newsletter.store import issues, subscribers
from newsletter.store.database import Database, damaged, lacking, prove_writable
from newsletter.store.runs import RunState
from newsletter.text.clocks import moment
from newsletter.text.headers import mailbox

_NAMED = 8  # phrases that a file lacks, or warnings; of more there is a number
_EXPECTED = ("CONFIG", "DEBUG")  # variables of ours that are no keys of config.yaml


def examine(app: App, environ: Mapping[str, str]) -> Iterator[Symptom]:
    """Yields each symptom as soon as it is made; network checks come last. Raises nothing."""
    examinations: tuple[tuple[str, Callable[[], Iterator[Symptom]]], ...] = (
        ("config", lambda: _config(app, environ)),
        ("database", lambda: _database(app)),
        ("site", lambda: _site(app)),
        ("site", lambda: published.examine(app)),
        ("newsletters", lambda: _newsletters(app)),
        ("readers", lambda: _strays(app)),
        ("schedule", lambda: _runs(app)),
        ("issues", lambda: _overdue(app)),
        ("issues", lambda: _stopped(app)),
        ("issues", lambda: _homeless(app)),
        ("templates", lambda: _templates(app)),
        ("templates", lambda: subjects.examine(app)),
        ("templates", lambda: samples.examine(app)),
        ("logos", lambda: _logos(app)),
        ("sources", lambda: _sources(app)),
        ("mail server", lambda: _mail_server(app)),
        ("DNS", lambda: dns.examine(sorted({own.sender for own in app.config.newsletters.values()}))),
    )
    for area, look in examinations:
        try:
            yield from look()
        except NewsletterError as trouble:
            yield error(area, str(trouble), "")
        except Exception as trouble:  # of a source that somebody else wrote, say: the rest can be examined
            yield error(area, f"this could not be examined: {type(trouble).__name__}: {trouble}", "")


class Unopened(Database):
    """Stands in for a database that could not be opened, and says so to whoever asks; the rest can be examined."""

    def __init__(self, trouble: StoreError) -> None:
        self._trouble = trouble

    def read(self) -> NoReturn:
        raise self._trouble

    def write(self) -> NoReturn:
        raise self._trouble


def _config(app: App, environ: Mapping[str, str]) -> Iterator[Symptom]:
    letters = app.config.newsletters
    if not letters:
        yield error("config", f"{app.config.file} names no newsletter.", "Add one under `newsletters:`.")
    else:
        yield ok("config", f"{app.config.file}: {', '.join(letters)}")
    keys = {*type(app.config).model_fields}
    for variable in sorted(environ):
        key = variable.removeprefix("NEWSLETTER_").split("__")[0]
        if variable.startswith("NEWSLETTER_") and key not in _EXPECTED and key.lower() not in keys:
            yield warning("config", f"{variable} is no key of config.yaml.", "Unset it, or correct its name.")


def _database(app: App) -> Iterator[Symptom]:
    if missing := lacking(app.database):  # first, for what is asked next may be in there
        told = f"it was made by a version of before the first release, and lacks {', '.join(missing[:3])}"
        remedy = "`newsletter subscribers export`, begin a new database, and import them; or go back to that version."
        yield error("database", f"{told}.", remedy)
    with app.database.write() as connection:
        prove_writable(connection)
        counts = subscribers.counts(connection)
        newest = issues.listing(connection, most=1)
    active = sum(number for (*_, state), number in counts.items() if state == "active")
    yield ok("database", f"{app.database.place} can be written to; it holds {count(active, 'active subscription')}.")
    if app.database.is_sqlite and (damage := damaged(app.database)):
        told = f"{app.database.place} is damaged: {damage}."
        remedy = (
            "Stop all that uses it; `sqlite3 subscribers.db .recover` makes a sound one of it, or go back to a copy."
        )
        yield error("database", told, remedy)
    if not app.database.is_sqlite and not os.access(app.config.folder, os.W_OK):
        told = f"{app.config.folder} cannot be written to, and that is where a run keeps what servers answered last."
        remedy = "Let the account that sends write there: else a crash mails a few readers more a second time."
        yield note("database", told, remedy)
    if newest and newest[0].built_at > app.clock():
        when = moment(newest[0].built_at, app.zone(newest[0].newsletter, newest[0].edition))
        told = f"the latest issue was built on {when}, and that lies ahead"
        yield error("clock", f"{told}: the clock of this machine was set back.", "Let a time service set it (NTP).")


def _site(app: App) -> Iterator[Symptom]:
    url = urlsplit(app.config.site.url)
    if url.hostname in ("localhost", "127.0.0.1", "::1"):
        told = f"links in mails lead to {app.config.site.url}, which only this machine can open."
        yield warning("site", told, "Put the public address of `newsletter serve` into `site: url`.")
    elif url.scheme != "https":
        told = f"{app.config.site.url} is not https; mail programs offer one-click unsubscribing over https only."
        yield warning("site", told, "Serve it over https, and say so in `site: url`.")
    else:
        yield ok("site", f"links lead to {app.config.site.url}")


def _newsletters(app: App) -> Iterator[Symptom]:
    for key, own in app.config.newsletters.items():
        if not own.postal_address.strip():
            told = "no postal address, which many countries ask for in every mail."
            yield warning(key, told, "Set `postal_address`.")
        if not own.sources:
            yield error(key, "no sources, so it never has anything to say.", "Name one under `sources:`.")
        if not own.lookback:
            yield error(key, "`lookback: 0` leaves every post out.", "Write how far back an issue looks: 14d.")
    for plan, following in upcoming(app, app.clock()):
        when = moment(following.at, plan.schedule.timezone)
        yield ok(plan.newsletter, f"edition {plan.edition} goes out next on {when}, if `newsletter serve` runs then.")
        gap, lookback = longest_gap(plan.schedule), app.config.newsletters[plan.newsletter].lookback
        if lookback and lookback < gap:
            told = f"edition {plan.edition} has {gap.days} days between two issues, and `lookback` is shorter"
            remedy = f"Set `lookback: {gap.days}d` or more: older posts are left out, and would be in no issue."
            yield warning(plan.newsletter, f"{told}.", remedy)
    scheduled = {plan.newsletter for plan, _ in upcoming(app, app.clock())}
    for key in app.config.newsletters:
        if key not in scheduled:
            yield note(key, "no schedule: it goes out when you `newsletter send` it.")
    for plan in planned(app):
        yield from _late(app, plan)
        yield from _readers(app, plan)


def _late(app: App, plan: Planned) -> Iterator[Symptom]:
    """What fell due and is still to be made up for, if the database tells."""
    with suppress(StoreError):
        if late := pending(app.database, plan.place, plan.schedule, app.clock()):
            when = moment(late.at, plan.schedule.timezone)
            told = f"edition {plan.edition} fell due on {when}, and is still to go out."
            let_go = f"newsletter skip {plan.newsletter} --edition {plan.edition}"
            yield warning(plan.newsletter, told, f"`newsletter serve` makes up for it; `{let_go}` lets it go.")


def _strays(app: App) -> Iterator[Symptom]:
    """Readers whose edition was renamed or taken away."""
    from newsletter.strays import strays

    for one in strays(app):
        yield error(one.place.newsletter, one.told, one.remedy)


def _readers(app: App, plan: Planned) -> Iterator[Symptom]:
    with app.database.read() as connection:
        number = subscribers.count_active(connection, plan.newsletter, plan.edition)
    if not number:
        told = f"nobody reads edition {plan.edition} yet; until somebody does, a run keeps its draft."
        remedy = "Share its sign-up page, or bring readers with `newsletter subscribers import FILE.csv`."
        yield note(plan.newsletter, told, remedy)


def _runs(app: App) -> Iterator[Symptom]:
    """The last run of each schedule, where nothing came of it."""
    for plan in planned(app):
        if run := trouble(app.database, plan.place, app.clock()):
            when = moment(run.occurrence.at, plan.schedule.timezone)
            told = f"the run of edition {plan.edition} on {when} came to nothing: {run.text.rstrip('.')}."
            remedy = "`newsletter build` and `newsletter send` do it by hand; else the next run takes it along."
            yield warning(plan.newsletter, told, remedy if run.state != RunState.WAITING else "It is tried again.")


def _overdue(app: App) -> Iterator[Symptom]:
    """Issues whose own time has come and gone: nobody was there to start them."""
    with app.database.read() as connection:
        waiting = issues.listing(connection, states=[IssueState.SCHEDULED])
    for issue in waiting:
        if issue.scheduled_for and issue.scheduled_for < app.clock() - ON_TIME:
            when = moment(issue.scheduled_for, app.zone(issue.newsletter, issue.edition))
            told = f"issue {issue.id} was to go out on {when}, and is still waiting."
            remedy = "Start `newsletter serve`: it goes out as soon as that runs. `newsletter cancel` drops it."
            yield warning(issue.newsletter, told, remedy)


def _stopped(app: App) -> Iterator[Symptom]:
    """Issues that somebody began to send, and nobody goes on with."""
    with app.database.read() as connection:
        begun = issues.listing(connection, states=[IssueState.SENDING, IssueState.PAUSED])
    for issue in begun:
        if issue.state is IssueState.PAUSED:
            told = f"issue {issue.id} is paused{f': {issue.reason}' if issue.reason else ''}"
            remedy = f"`newsletter resume {issue.id}` goes on, `newsletter cancel {issue.id}` ends it."
            yield warning(issue.newsletter, f"{told.rstrip('.')}.", remedy)
        elif is_alone(app, issue.id):
            remedy = f"`newsletter resume {issue.id}` goes on; so do `newsletter serve` and `newsletter worker`."
            yield warning(issue.newsletter, f"issue {issue.id} is half sent, and nobody is sending it now.", remedy)


def _homeless(app: App) -> Iterator[Symptom]:
    """Drafts of an edition that config.yaml had once: they can be neither sent nor shown."""
    with app.database.read() as connection:
        waiting = issues.listing(connection, states=[IssueState.DRAFT, IssueState.SCHEDULED])
    for issue in waiting:
        if not app.has_edition(issue.newsletter, issue.edition):
            whose = f"{issue.newsletter}/{issue.edition}"
            told = f"issue {issue.id} is a {issue.state.value} issue of {whose}, which config.yaml does not have."
            yield warning(issue.newsletter, told, f"`newsletter cancel {issue.id}` drops it.")


def _templates(app: App) -> Iterator[Symptom]:
    from newsletter.text.render import NOTICES

    names = ["email/digest.mjml", *(f"email/notices/{kind}.mjml" for kind in NOTICES)]
    wrong = 0
    for name in names:
        try:
            for found in app.renderer.check(name):
                wrong += 1
                yield error("templates", f"{found.template}:{found.line}: {found.message}", "")
        except TemplateError as trouble:
            wrong += 1
            yield error("templates", str(trouble), "")
    yield from _languages(app)
    yield from _page_words(app)
    yield from unused.examine(app)
    if not wrong:
        yield ok(
            "templates", f"{len(names)} email templates are sound; the program's own are in {package_templates()}."
        )


def _languages(app: App) -> Iterator[Symptom]:
    """Editions whose mails or pages have English phrases because there are none in their own language."""
    from newsletter.text import page_words
    from newsletter.text.phrases import ENGLISH
    from newsletter.text.render import NOTICE_WORDS, WORDS

    for key in app.config.newsletters:
        for edition in app.editions(key):
            spoken = edition.language.split("-")[0].lower()
            folders = (WORDS, NOTICE_WORDS, page_words.WORDS)
            files = [app.renderer.words_file(edition.language, folder) for folder in folders]
            missing = [file for file in files if file.endswith(f"/{ENGLISH}.txt") and spoken != ENGLISH]
            if missing:
                where = f"edition {edition.key} is in {edition.language}"
                told = f"{where}, and the fixed phrases of its mails and pages are English."
                own = " and ".join(file.replace(f"/{ENGLISH}.", f"/{edition.language}.") for file in missing)
                remedy = f"Write {' and '.join(missing)} as {own} in your templates folder, or correct `language`."
                yield warning(key, told, remedy)


def _page_words(app: App) -> Iterator[Symptom]:
    """Phrases of pages in files of the operator's own: what they lack is said in English."""
    from newsletter.text import page_words
    from newsletter.text.sandbox import template_errors

    languages = {edition.language for key in app.config.newsletters for edition in app.editions(key)}
    for file in sorted({app.renderer.words_file(language, page_words.WORDS) for language in languages}):
        try:
            with template_errors(file):
                lacking = page_words.missing(app.templates, file)
        except TemplateError as trouble:
            yield error("templates", str(trouble), "")
            continue
        if lacking:
            more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
            told = f"{file} lacks {', '.join(lacking[:_NAMED])}{more}: pages say that in English."
            original = page_words.ORIGINAL.removeprefix("!")
            yield warning("templates", told, f"Copy what is missing from the package's {original}.")


def _logos(app: App) -> Iterator[Symptom]:
    """Logos that are files, and are not there; each once, however many editions have it."""
    for key in app.config.newsletters:
        themes = [edition.theme for edition in app.editions(key)]
        for logo in sorted({theme.logo for theme in themes if theme.logo and not theme.logo_address}):
            if not Path(logo).is_file():
                told = f"there is no logo {logo}: mails bear the name instead."
                yield warning(key, told, "Put the file there, or correct `design: logo`.")


def _sources(app: App) -> Iterator[Symptom]:
    for key, own in app.config.newsletters.items():
        for written in own.sources:
            if written.type == "jekyll" and written.url and dns.is_placeholder(urlsplit(written.url).hostname or ""):
                told = f"stories of {written.name or written.path} would lead to {written.url}, a placeholder."
                yield note(key, told, "Write your blog's own address as the `url` of this source.")
        for source in app.sources(key):
            try:
                reading = source.read(SourceState(), app.clock())
                held = sum(1 for _ in reading.items)
            except (SourceError, OSError) as trouble:
                yield error(key, f"{source.name} cannot be read: {trouble}", "Look at its line under `sources:`.")
                continue
            yield ok(key, f"{source.name} can be read; it holds {count(held, 'item')}.")
            warned = list(dict.fromkeys(reading.warnings))
            for words in warned[:_NAMED]:
                yield warning(key, f"{source.name}: {words}.", "")
            if len(warned) > _NAMED:
                more = f"{source.name}: {count(len(warned) - _NAMED, 'more warning')}"
                yield warning(key, f"{more} of this kind.", f"`newsletter collect {key}` tells them all.")


def _mail_server(app: App) -> Iterator[Symptom]:
    smtp = app.config.smtp
    if smtp.type == "folder":
        return mail.examine_folder(app.config.resolve(smtp.path))
    senders = {mailbox(own.sender)[1] for own in app.config.newsletters.values()}
    return mail.examine(smtp, sorted(senders))

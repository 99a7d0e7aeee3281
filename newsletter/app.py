"""Where the house is wired: a Config becomes sources, a transport, editions, links and a database."""

from __future__ import annotations

import difflib
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from newsletter import config as settings
from newsletter.domain.edition import Edition, Weights
from newsletter.domain.occurrence import Missed, Schedule
from newsletter.domain.tally import Tally
from newsletter.domain.theme import Theme, ThemeName, painted, theme
from newsletter.errors import ConfigError, NotFound, repeated
from newsletter.store.database import Database, closed, identity, moved_to, signing_key
from newsletter.text.token import Signer

# What only some commands need is loaded when they need it: `newsletter --help` answers at once.
if TYPE_CHECKING:
    import jinja2

    from newsletter.domain.pace import Limits, Pacer
    from newsletter.domain.warmup import WarmUp
    from newsletter.sources.base import Source
    from newsletter.text.render import Renderer
    from newsletter.transports.base import Transport
    from newsletter.transports.smtp import SmtpTransport

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_app(config: settings.Config, clock: Clock = utc_now) -> App:
    """Opens (and on first use makes) the database. Raises StoreError, or ConfigError for a bad secret.

    One that was moved is not opened: whoever goes on with it would mail readers twice, and lose who signs up.
    """
    database = Database(config.database_url, config.folder)
    if place := moved_to(database):
        database.close()
        raise closed(database, place)
    return App(config, database, clock)


@dataclass(frozen=True)
class App:
    """Everything that a command, a web page or the scheduler needs, made from one Config."""

    config: settings.Config
    database: Database
    clock: Clock = utc_now

    @cached_property
    def signer(self) -> Signer:
        """Signs links with NEWSLETTER_SECRET, or else with the key that the database keeps. Raises ConfigError.

        The secret may serve another database tomorrow, with other readers under the same numbers.
        """
        if (secret := self.config.secret) is None:
            return Signer(signing_key(self.database), self.clock)
        return Signer(secret.get_secret_value(), self.clock, scope=identity(self.database))

    @cached_property
    def tally(self) -> Tally:
        """What this process counts while it sends."""
        return Tally()

    @cached_property
    def templates(self) -> jinja2.BaseLoader:
        """The operator's templates folder first, then the package's own."""
        import jinja2

        from newsletter.text.sandbox import Folder

        return jinja2.ChoiceLoader([Folder(folder) for folder in template_folders(self.config)])

    @cached_property
    def renderer(self) -> Renderer:
        from newsletter.text.render import Renderer

        return Renderer(self.templates, self.config.file_name)

    def newsletter(self, key: str) -> settings.Newsletter:
        """Raises NotFound, which lists the newsletters there are."""
        try:
            return self.config.newsletters[key]
        except KeyError:
            raise NotFound(_unknown(key, list(self.config.newsletters), self.config.file)) from None

    def editions(self, newsletter: str) -> list[Edition]:
        """In the order of config.yaml, each with what it does not say itself filled in."""
        return [_edition(self.config, newsletter, key) for key in self.newsletter(newsletter).editions]

    def edition(self, newsletter: str, key: str) -> Edition:
        """Raises NotFound, which lists the editions there are."""
        known = self.newsletter(newsletter).editions
        if key not in known:
            raise NotFound(
                f"{newsletter} has no edition `{repeated(key)}`. {_meant(key, known)}It has: {', '.join(known)}."
            )
        return _edition(self.config, newsletter, key)

    def chosen_edition(self, newsletter: str, key: str | None = None) -> Edition:
        """The edition that somebody named; who names none, or "", gets the first. Raises NotFound as `edition`."""
        return self.edition(newsletter, key) if key else self.editions(newsletter)[0]

    def known_edition_or_first(self, newsletter: str, key: str) -> Edition:
        """The edition of that key while the newsletter has it, else its first one. Raises NotFound as `newsletter`."""
        editions = self.editions(newsletter)
        return next((one for one in editions if one.key == key), editions[0])

    def has_edition(self, newsletter: str, edition: str) -> bool:
        own = self.config.newsletters.get(newsletter)
        return own is not None and edition in own.editions

    def zone(self, newsletter: str, edition: str) -> str:
        """The zone in which an edition's times are said; UTC once it is no longer in the config."""
        return self.edition(newsletter, edition).timezone if self.has_edition(newsletter, edition) else "UTC"

    def schedule(self, newsletter: str, edition: str) -> Schedule | None:
        """When the edition falls due; None where neither it nor its newsletter has a schedule."""
        own = self.newsletter(newsletter)
        found = own.editions[edition].schedule or own.schedule
        if found is None:
            return None
        missed = Missed(found.missed)
        return Schedule(found.days, found.at, found.timezone, missed, found.catch_up_within, found.remind)

    def sources(self, newsletter: str) -> list[Source]:
        """In the order of config.yaml, each with a name of its own."""
        own = self.newsletter(newsletter).sources
        names = _distinct(_called(self.config, source) for source in own)
        return [_source(self.config, source, name) for source, name in zip(own, names, strict=True)]

    def transport(self, hurried: bool = False) -> Transport:
        """The door out that `smtp:` describes. `hurried`: somebody waits, so a silent server is given up soon."""
        smtp = self.config.smtp
        if smtp.type == "folder":
            from newsletter.transports.folder import FolderTransport

            return FolderTransport(self.config.resolve(smtp.path))
        servers = [_server(each, hurried) for each in smtp.each()]
        if len(servers) == 1:
            return servers[0]
        from newsletter.transports.fleet import FleetTransport

        return FleetTransport(servers)

    @cached_property
    def limits(self) -> Limits:
        """How fast messages may leave. Raises ConfigError when domains that count together have different rates."""
        from newsletter.domain.pace import Limits

        pace = self.config.delivery.pace
        groups = _by_group(self.config)
        return Limits(pace.overall, pace.per_domain.get("default"), pace.per_connection, groups)

    @cached_property
    def pacer(self) -> Pacer:
        """One for all that this process sends."""
        from newsletter.domain.pace import Pacer

        return Pacer(self.limits, time.monotonic())

    @cached_property
    def warm_up(self) -> WarmUp | None:
        from newsletter.domain.warmup import WarmUp

        plan = self.config.delivery.warm_up
        return WarmUp(**plan.model_dump()) if plan else None


def template_folders(config: settings.Config) -> list[Path]:
    """Where templates are looked for, in order. Raises ConfigError: without the operator's own, mails would look other.

    Only the folder that nobody named may be missing.
    """
    own = config.resolve(config.templates)
    usual = settings.Config.model_fields["templates"].default
    if config.templates != usual and not own.is_dir():
        named = repeated(config.templates)
        raise ConfigError(f"{config.file}: `templates: {named}`: there is no such folder. Make it, or leave this out.")
    if own.is_dir() and not os.access(own, os.R_OK | os.X_OK):
        raise ConfigError(f"{own}: this templates folder cannot be read. Give this user permission to read it.")
    return [own, package_templates()]


def package_templates() -> Path:
    """The package's own templates: inside it in a wheel, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "_templates"
    return inside if inside.is_dir() else package.parent / "templates"


def _edition(config: settings.Config, newsletter: str, key: str) -> Edition:
    base = config.newsletters[newsletter]
    own = base.editions[key]
    schedule = own.schedule or base.schedule
    names = {other: e.name or base.name for other, e in base.editions.items()}
    if len({*names.values()}) < len(names):  # readers could not tell them apart
        names = {other: f"{name} ({other})" for other, name in names.items()}
    return Edition(
        newsletter=newsletter,
        key=key,
        name=own.name or base.name,
        newsletter_name=base.name,
        only_source=_called(config, base.sources[0]) if len(base.sources) == 1 else "",
        sender=base.sender,
        reply_to=base.reply_to,
        site_name=config.site.name,
        site_url=config.site.url,
        subject=own.subject or base.subject,
        tagline=base.tagline if own.tagline is None else own.tagline,
        intro=base.intro if own.intro is None else own.intro,
        language=own.language or base.language,
        timezone=schedule.timezone if schedule else "UTC",
        postal_address=base.postal_address,
        unsubscribe_mailbox=base.unsubscribe_mailbox,
        max_stories=own.max_stories or base.max_stories,
        lookback=base.lookback,
        categories=own.categories,
        without_categories=own.without_categories,
        weights=Weights(**base.ranking.model_dump()),
        siblings=tuple((other, name) for other, name in names.items() if other != key),
        theme=_theme(config, own.theme or base.theme, settings.over(own.design, base.design)),
        sections=base.sections if own.sections is None else own.sections,
        feedback=base.feedback if own.feedback is None else own.feedback,
    )


def _theme(config: settings.Config, name: ThemeName, design: settings.Design) -> Theme:
    """The theme with what the operator changed. `logo` stays an address, or becomes a file's absolute path."""
    said = settings.said(design)
    colours = said.get("colours", {})
    own = {**said.get("fonts", {}), **{key: value for key, value in said.items() if key.startswith("logo")}}
    if own.get("logo") and not own["logo"].startswith(("https://", "http://")):
        own["logo"] = str(config.resolve(own["logo"]))
    return replace(painted(theme(name), colours.get("light", {}), colours.get("dark", {})), **own)


def _server(smtp: settings.Smtp, hurried: bool) -> SmtpTransport:
    from newsletter.transports.smtp import HURRIED, SmtpTransport

    password = smtp.password.get_secret_value() if smtp.password else None
    place = (smtp.host, smtp.port, smtp.security, smtp.username, password, smtp.connections)
    return SmtpTransport(*place, timeouts=HURRIED if hurried else None, most=smtp.messages_per_connection)


def _by_group(config: settings.Config) -> dict[str, float | None]:
    """The rates of `per_domain` by mailbox group."""
    from newsletter.domain.mailboxes import group_of

    rates: dict[str, float | None] = {}
    domains: dict[str, str] = {}
    for domain, rate in config.delivery.pace.per_domain.items():
        if domain == "default":
            continue
        group = group_of(domain)
        if rates.setdefault(group, rate) != rate:
            told = f"{domains[group]} and {domain} count together, and their rates differ. Keep one of them"
            raise ConfigError(f"{config.file}: `delivery.pace.per_domain`: {told}.")
        domains.setdefault(group, domain)
    return rates


def _source(config: settings.Config, source: settings.SourceConfig, name: str) -> Source:
    if isinstance(source, settings.JekyllSource):
        from newsletter.sources.jekyll import JekyllSource

        return JekyllSource(name, config.resolve(source.path), source.url, source.categories)
    from newsletter.sources.feed import FeedSource

    return FeedSource(name, source.url, source.categories, config.folder, site=config.site.url)


def _called(config: settings.Config, source: settings.SourceConfig) -> str:
    """Its name, or what a reader would call it: a site's folder, a feed's host."""
    if source.name:
        return source.name
    if isinstance(source, settings.JekyllSource):
        return config.resolve(source.path).name or "site"
    host = urlsplit(source.url).hostname
    return host.removeprefix("www.") if host else Path(source.url).stem


def _distinct(names: Iterable[str]) -> list[str]:
    """A second source of one name becomes `name-2`; the first keeps its own, for its posts are stored under it."""
    taken: list[str] = []
    for name in names:
        candidate, count = name, 1
        while candidate in taken:
            count += 1
            candidate = f"{name}-{count}"
        taken.append(candidate)
    return taken


def _unknown(key: str, known: list[str], file: Path) -> str:
    told = f"there is no newsletter `{repeated(key)}`"
    if not known:
        return f"{told}: {file} names none. Add one under `newsletters:`."
    return f"{told}. {_meant(key, known)}{file.name} has: {', '.join(known)}."


def _meant(key: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean `{near[0]}`? " if near else ""

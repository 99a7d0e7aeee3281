"""Every key of config.yaml, with its default."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from newsletter.config.design import Design
from newsletter.config.section import Section
from newsletter.config.values import (
    DEFAULT_SUBJECT,
    Ahead,
    DatabaseUrl,
    Date,
    Days,
    Domain,
    Duration,
    FeedUrl,
    HeaderUrl,
    Host,
    Key,
    Language,
    Mailbox,
    Mailboxes,
    Networks,
    Number,
    PathName,
    Pause,
    Rate,
    Subject,
    TimeOfDay,
    WebUrl,
    Words,
    Zone,
)
from newsletter.domain.theme import ThemeName
from newsletter.errors import ConfigError, repeated


class Site(Section):
    """`url` is where readers reach the web part: the base of sign-up, archive and unsubscribe links."""

    name: str = "Newsletter"
    url: HeaderUrl = "http://127.0.0.1:8000"


class Server(Section):
    """One of several mail servers. What it does not say, `smtp:` says."""

    host: Host = Field(min_length=1)
    port: Number | None = Field(default=None, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] | None = None
    username: str | None = None
    password: SecretStr | None = None
    connections: Number | None = Field(default=None, ge=1, le=1000)
    messages_per_connection: Number | None = Field(default=None, ge=1)


class Smtp(Section):
    """The door out. `path` is for type folder: where the .eml files go instead.

    With `servers` mail goes over these; `host`, `port` and so on are what a server does not say itself.
    """

    type: Literal["smtp", "folder"] = "smtp"
    host: Host = Field(default="127.0.0.1", min_length=1)
    port: Number = Field(default=25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password: SecretStr | None = None
    connections: Number = Field(default=8, ge=1, le=1000)
    messages_per_connection: Number | None = Field(default=None, ge=1)
    servers: tuple[Server, ...] = ()
    path: PathName = "outbox"

    @model_validator(mode="after")
    def _a_folder_has_no_servers(self) -> Smtp:
        if self.servers and self.type == "folder":
            raise ValueError("a folder has no `servers`; remove them, or `type: folder`")
        return self

    def each(self) -> tuple[Smtp, ...]:
        """Every mail server, complete. A server with its own `username` has its own password, or none."""
        if not self.servers:
            return (self,)
        common = self.model_copy(update={"servers": ()})
        return tuple(common.model_copy(update=_own(server)) for server in self.servers)

    def users_without_password(self) -> list[str]:
        """Who cannot log in. It stops nothing that does not send: the password may be where only that runs."""
        servers = self.each() if self.type == "smtp" else ()
        return [
            one.username for one in servers if one.username and not (one.password and one.password.get_secret_value())
        ]


def _own(server: Server) -> dict[str, Any]:
    """What a server says itself. It never sends somebody else's password along with its own user name."""
    said = {name: value for name, value in server if value is not None}
    return {"password": None, **said} if "username" in said else said


class Pace(Section):
    """Messages a second. `per_domain` names domains, each with those behind the same servers; `default`: all others."""

    overall: Rate | None = None
    per_connection: Rate | None = None
    per_domain: dict[Domain, Rate | None] = Field(default_factory=dict)

    @field_validator("per_domain", mode="wrap")
    @classmethod
    def _each_once(cls, value: Any, handler: Any) -> dict[str, float | None]:
        read: dict[str, float | None] = handler(value)
        if len(read) < len(value):
            keys = [str(key) for key in value]
            twice = next(key for key in keys if sum(len({*handler({key: 1, other: 1})}) == 1 for other in keys) > 1)
            raise ValueError(f"{twice} stands there twice, in two spellings; keep one of them")
        return read


class WarmUp(Section):
    """`first_day` messages on the day `started`, `growth` times as many on each later one, up to `most`."""

    first_day: Number = Field(ge=1)
    started: Date
    growth: float = Field(default=2.0, ge=1, le=10)
    most: Number | None = Field(default=None, ge=1)
    timezone: Zone = "UTC"

    @model_validator(mode="after")
    def _the_most_is_the_most(self) -> WarmUp:
        if self.most is not None and self.most < self.first_day:
            raise ValueError(f"`most` is {self.most}, but `first_day` is already {self.first_day}; correct one")
        return self


class Delivery(Section):
    on_uncertain: Literal["retry", "hold"] = "retry"
    retry_first: Pause = timedelta(minutes=1)
    retry_most: Pause = timedelta(hours=1)
    give_up_after: Duration = timedelta(hours=24)
    pace: Pace = Pace()
    warm_up: WarmUp | None = None


class Log(Section):
    """`format` None: `serve` and `worker` log as text, a command with an answer of its own does not log."""

    format: Literal["text", "json"] | None = None
    level: Literal["debug", "info", "warning", "error"] = "info"


class Web(Section):
    """`host` and `port` are where `serve` listens; `signups_per_hour` holds for one address of origin.

    `password` opens /admin/; without one there is no admin.
    """

    host: Host = "127.0.0.1"
    port: Number = Field(default=8000, ge=0, le=65535)
    signups_per_hour: Number = Field(default=20, ge=1)
    password: SecretStr | None = Field(default=None, min_length=8)


class Clients(Section):
    """How many of a hundred readers use which family of mail programs."""

    apple: float = Field(default=37.0, ge=0)
    gmail: float = Field(default=35.0, ge=0)
    outlook: float = Field(default=17.0, ge=0)
    yahoo: float = Field(default=4.0, ge=0)
    samsung: float = Field(default=2.0, ge=0)
    other: float = Field(default=5.0, ge=0)

    @model_validator(mode="after")
    def _somebody_reads(self) -> Clients:
        if not sum(share for _, share in self):
            raise ValueError("every share is 0; give at least one family of mail programs more, or remove `clients`")
        return self


class Schedule(Section):
    """`missed` says what becomes of a run that nobody was there to start, if it is noticed in `catch_up_within`.

    `remind` is how long before an issue its editor hears of it.
    """

    days: Days = Field(min_length=1)
    at: TimeOfDay
    timezone: Zone = "UTC"
    missed: Literal["catch_up", "skip"] = "catch_up"
    catch_up_within: Duration = timedelta(hours=12)
    remind: Ahead | None = None


class Ranking(Section):
    """A weight per signal; 0 turns it off. `newsletter why` shows the sum."""

    fresh: float = 3.0
    sources: float = 2.0
    featured: float = 10.0
    weight: float = 1.0
    picture: float = 0.5
    variety: float = 1.0


class JekyllSource(Section):
    type: Literal["jekyll"]
    path: PathName = Field(min_length=1)
    name: str | None = Field(default=None, min_length=1, max_length=190)
    url: WebUrl | None = None
    categories: Words = ()


class FeedSource(Section):
    type: Literal["feed"]
    url: FeedUrl = Field(min_length=1)
    name: str | None = Field(default=None, min_length=1, max_length=190)
    categories: Words = ()


SourceConfig = Annotated[JekyllSource | FeedSource, Field(discriminator="type")]


class Edition(Section):
    """What an edition does not say, its newsletter says."""

    name: str | None = None
    subject: Subject | None = None
    tagline: str | None = None
    intro: str | None = None
    note: PathName | None = None
    language: Language | None = None
    schedule: Schedule | None = None
    max_stories: Number | None = Field(default=None, ge=1, le=100)
    theme: ThemeName | None = None
    design: Design = Design()
    sections: bool | None = None
    feedback: bool | None = None
    categories: Words = ()
    without_categories: Words = ()


class Newsletter(Section):
    name: str = Field(min_length=1)
    sender: Mailbox
    reply_to: Mailbox | None = None
    editor: Mailboxes = ()
    subject: Subject = DEFAULT_SUBJECT
    tagline: str = ""
    intro: str = ""
    note: PathName = ""
    language: Language = "en"
    postal_address: str = ""
    unsubscribe_mailbox: Mailbox | None = None
    schedule: Schedule | None = None
    max_stories: Number = Field(default=10, ge=1, le=100)
    theme: ThemeName = "classic"
    design: Design = Design()
    sections: bool = False
    feedback: bool = True
    lookback: Duration = timedelta(days=14)
    pictures: Literal["link", "embed", "none"] = "link"
    ranking: Ranking = Ranking()
    sources: tuple[SourceConfig, ...] = ()
    editions: dict[Key, Edition] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _at_least_one_edition(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("editions"):
            return {**value, "editions": {"main": {}}}
        return value

    @model_validator(mode="after")
    def _a_reminder_needs_an_editor(self) -> Newsletter:
        schedules = [self.schedule, *(edition.schedule for edition in self.editions.values())]
        if not self.editor and any(schedule and schedule.remind for schedule in schedules):
            raise ValueError("`remind` wants somebody to be reminded; add `editor: you@example.org`")
        return self


class Config(Section):
    """The whole configuration. `folder` is where config.yaml stands: relative paths are relative to it.

    Finished pictures lie in `media`; `media_url` is where readers find them when it is not below `site.url`.
    """

    folder: Path
    file_name: str = "config.yaml"
    site: Site = Site()
    database: DatabaseUrl = "sqlite:///subscribers.db"
    templates: PathName = "templates"
    media: PathName = "media"
    media_url: WebUrl | None = None
    smtp: Smtp = Smtp()
    delivery: Delivery = Delivery()
    web: Web = Web()
    log: Log = Log()
    clients: Clients = Clients()
    proxies: Networks = ()
    newsletters: dict[Key, Newsletter] = Field(default_factory=dict)
    secret: SecretStr | None = Field(default=None, min_length=16)

    def resolve(self, path: str) -> Path:
        """A path of the configuration, made absolute against the folder of config.yaml. Raises ConfigError."""
        try:
            return (self.folder / Path(path).expanduser()).resolve()
        except (RuntimeError, OSError):  # links in a circle, ~somebody who is not here, a name that is too long
            told = "no such place: its links lead in a circle, its ~user is unknown, or its name is too long"
            raise ConfigError(f"{self.file}: {repeated(path)}: {told}. Write another path.") from None

    @property
    def sites_around(self) -> set[Path]:
        """The roots of the Jekyll sites in which config.yaml stands: what lies there may get published."""
        written = [source for own in self.newsletters.values() for source in own.sources]
        roots = {self.resolve(source.path) for source in written if source.type == "jekyll"}
        return {root for root in roots if self.folder.resolve().is_relative_to(root)}

    @property
    def file(self) -> Path:
        """config.yaml itself, for messages."""
        return self.folder / self.file_name

    @property
    def database_url(self) -> str:
        """`database` with a relative SQLite path made absolute."""
        return self.url_of(self.database)

    def url_of(self, database: str) -> str:
        """Another database's address, made absolute likewise."""
        scheme, slashes, path = database.partition(":///")
        if not scheme.startswith("sqlite") or not slashes or path in ("", ":memory:"):
            return database
        return f"{scheme}:///{self.resolve(path)}"


NOT_IN_THE_FILE = frozenset({"folder", "file_name"})

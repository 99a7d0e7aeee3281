"""config.yaml and the environment -> a frozen Config. The only reader of either."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import time, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from newsletter.errors import ConfigError

PREFIX = "NEWSLETTER_"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NOT_IN_THE_FILE = {"folder", "file_name"}
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\Z")


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.match(str(value).strip())
    if not found:
        raise ValueError(f"{value!r} is no duration; write one like 500ms, 30s, 5m, 24h or 7d")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def _clock(value: object) -> object:
    """YAML reads an unquoted 08:30 as the sexagesimal number 510."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(value // 60, value % 60)
    found = re.match(r"(\d{1,2}):(\d{2})\Z", str(value))
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(f'{value!r} is no time of day; write one like "08:00"')
    return time(int(found[1]), int(found[2]))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is no time zone; write one like Europe/London or UTC") from None
    return value


def _day(value: object) -> object:
    day = str(value).strip().lower()
    matches = [name for name in DAYS if len(day) >= 3 and name.startswith(day)]
    if not matches:
        raise ValueError(f"{value!r} is no day; write monday … sunday")
    return matches[0]


def _mailbox(value: str) -> str:
    _, address = parseaddr(value)
    if "@" not in address or any(ord(char) < 32 for char in value):
        raise ValueError(f'{value!r} is no mailbox; write one like "Tech Decoded <hello@example.org>"')
    return value


def _web_url(value: str) -> str:
    if not re.match(r"https?://[^/\s]+", value):
        raise ValueError(f"{value!r} is no web address; it begins with https:// (or http://)")
    return value.rstrip("/")


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Clock = Annotated[time, BeforeValidator(_clock)]
Zone = Annotated[str, AfterValidator(_zone)]
Day = Annotated[str, BeforeValidator(_day)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
WebUrl = Annotated[str, AfterValidator(_web_url)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Site(_Section):
    name: str = "Newsletter"
    url: WebUrl = "http://127.0.0.1:8000"


class Smtp(_Section):
    type: Literal["smtp", "folder"] = "smtp"
    host: str = "127.0.0.1"
    port: int = Field(default=25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password: SecretStr | None = None
    connections: int = Field(default=8, ge=1, le=1000)
    path: str = "outbox"  # of type folder: where the .eml files go


class Delivery(_Section):
    on_uncertain: Literal["retry", "hold"] = "retry"
    retry_first: Duration = timedelta(minutes=1)
    retry_most: Duration = timedelta(hours=1)
    give_up_after: Duration = timedelta(hours=24)


class Web(_Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    signups_per_hour: int = Field(default=20, ge=1)


class Schedule(_Section):
    days: tuple[Day, ...] = Field(min_length=1)
    at: Clock
    timezone: Zone = "UTC"
    missed: Literal["catch_up", "skip"] = "catch_up"
    catch_up_within: Duration = timedelta(hours=12)


class Ranking(_Section):
    """A weight per signal; 0 turns it off. `newsletter why` shows the sum."""

    fresh: float = 3.0
    sources: float = 2.0
    featured: float = 10.0
    weight: float = 1.0
    picture: float = 0.5
    variety: float = 1.0


class JekyllSource(_Section):
    type: Literal["jekyll"]
    path: str
    name: str | None = None
    url: WebUrl | None = None
    categories: tuple[str, ...] = ()


class FeedSource(_Section):
    type: Literal["feed"]
    url: str
    name: str | None = None
    categories: tuple[str, ...] = ()


SourceConfig = Annotated[JekyllSource | FeedSource, Field(discriminator="type")]


class Edition(_Section):
    """What an edition does not say, its newsletter says."""

    name: str | None = None
    subject: str | None = None
    tagline: str | None = None
    intro: str | None = None
    language: str | None = None
    schedule: Schedule | None = None
    max_stories: int | None = Field(default=None, ge=1, le=100)
    categories: tuple[str, ...] = ()
    without_categories: tuple[str, ...] = ()


class Newsletter(_Section):
    name: str
    sender: Mailbox
    reply_to: Mailbox | None = None
    subject: str = "{{ lead.title }}"
    tagline: str = ""
    intro: str = ""
    language: str = "en"
    postal_address: str = ""
    unsubscribe_mailbox: Mailbox | None = None
    schedule: Schedule | None = None
    max_stories: int = Field(default=10, ge=1, le=100)
    lookback: Duration = timedelta(days=14)
    ranking: Ranking = Ranking()
    sources: tuple[SourceConfig, ...] = ()
    editions: dict[str, Edition] = Field(default_factory=lambda: {"main": Edition()})


class Config(_Section):
    """The whole configuration. `folder` is where config.yaml stands: relative paths are relative to it."""

    folder: Path
    file_name: str = "config.yaml"
    site: Site = Site()
    database: str = "sqlite:///subscribers.db"
    templates: str = "templates"
    smtp: Smtp = Smtp()
    delivery: Delivery = Delivery()
    web: Web = Web()
    proxies: tuple[str, ...] = ()
    newsletters: dict[str, Newsletter] = Field(default_factory=dict)
    secret: SecretStr | None = None

    def resolve(self, path: str) -> Path:
        """A path of the configuration, made absolute against the folder of config.yaml."""
        return (self.folder / path).resolve()

    @property
    def file(self) -> Path:
        """config.yaml itself, for messages."""
        return self.folder / self.file_name

    @property
    def database_url(self) -> str:
        """`database` with a relative SQLite path made absolute."""
        scheme, slashes, path = self.database.partition(":///")
        if not scheme.startswith("sqlite") or not slashes or path in ("", ":memory:"):
            return self.database
        return f"{scheme}:///{self.resolve(path)}"


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Reads config.yaml and overlays NEWSLETTER_* variables.

    Raises ConfigError that names the file, the line, the key and the remedy.
    """
    try:
        source = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file. Run `newsletter init`, or name it with --config FILE.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    try:
        node = yaml.compose(source, yaml.SafeLoader)
        raw = yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}{_mark(error)}: this is not YAML: {_problem(error)}") from None
    raw = {} if raw is None else raw
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}:1: a configuration is `key: value` lines; see `newsletter init`.")
    overlaid = _overlay(raw, environ)
    try:
        return Config.model_validate({**overlaid, "folder": path.resolve().parent, "file_name": path.name})
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(path, node, item) for item in error.errors())) from None


def _overlay(raw: dict[Any, Any], environ: Mapping[str, str]) -> dict[Any, Any]:
    """NEWSLETTER_SMTP__PASSWORD sets smtp.password; - and _ are the same in a name; numbers step into lists."""
    tree: dict[Any, Any] = yaml.safe_load(yaml.safe_dump(raw)) if raw else {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable == "NEWSLETTER_CONFIG":
            continue
        steps = variable.removeprefix(PREFIX).lower().split("__")
        if steps[0] not in Config.model_fields or steps[0] in _NOT_IN_THE_FILE:
            continue
        _set(tree, steps, _value(text, steps), variable)
    return tree


def _value(text: str, steps: list[str]) -> object:
    """Secrets stay text whatever they look like; the rest is read as YAML."""
    if steps[-1] in {"password", "username", "secret"}:
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _set(tree: Any, steps: list[str], value: object, variable: str) -> None:
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        if isinstance(tree, list):
            if not step.isdigit() or int(step) >= len(tree):
                raise ConfigError(f"{variable}: there is no entry {step} in that list.")
            key: Any = int(step)
        else:
            key = next((name for name in tree if str(name).lower().replace("-", "_") == step), step)
        if last:
            tree[key] = value
            return
        if isinstance(tree, dict) and not isinstance(tree.get(key), (dict, list)):
            tree[key] = {}
        tree = tree[key]


def _explain(path: Path, node: yaml.Node | None, item: Any) -> str:
    steps = [step for step in item["loc"] if step not in ("jekyll", "feed")]
    line = _line(node, steps)
    place = f"{path}:{line}" if line else f"{path}"
    name = ".".join(str(step) for step in steps) or "the file"
    if item["type"] == "extra_forbidden":
        return f"{place}: unknown key `{name}`.{_nearest(steps)}"
    if item["type"] == "missing":
        return f"{place}: `{name}` is missing."
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{place}: `{name}`: {message}."


def _nearest(steps: list[Any]) -> str:
    known = {field for section in _Section.__subclasses__() for field in section.model_fields} - _NOT_IN_THE_FILE
    near = difflib.get_close_matches(str(steps[-1]), sorted(known), n=1)
    return f" Did you mean `{near[0]}`?" if near else " Remove it, or see docs/guide for the keys there are."


def _line(node: yaml.Node | None, steps: list[Any]) -> int | None:
    """The line (from 1) of the deepest part of `steps` that the file holds."""
    line = node.start_mark.line + 1 if node else None
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _mark(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error)

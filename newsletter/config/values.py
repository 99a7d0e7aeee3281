"""The kinds of values that config.yaml knows beyond YAML's own, each with a message that shows how to write one."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from email.errors import MessageError
from email.utils import getaddresses
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from newsletter.errors import repeated

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DEFAULT_SUBJECT = "{{ lead.title }}"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST = 36525 * 86400.0
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(ms|s|m|h|d)\Z")
_RATE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(?:/\s*(s|m|h|d))?\Z")
_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ATOMS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9])?\Z")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_MAIL_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Za-z:.]+\]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*\Z")
_SERVER = re.compile(r"(?:[^:/]*(?::[^@]*)?@)?(?:\[[^\]/?]+\]|[^\[\]:/?]*)(?::[0-9]{0,5})?(?:[/?]|\Z)")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})\Z")


def _quoted(value: object) -> str:
    return repr(repeated(value)) if isinstance(value, str) else repeated(repr(value))


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.match(str(value).strip())
    if not found:
        raise ValueError(f"{_quoted(value)} is no duration; write one like 500ms, 30s, 5m, 24h or 7d")
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds > _LONGEST:
        raise ValueError(f"{_quoted(value)} is longer than a hundred years")
    return timedelta(seconds=seconds)


def _pause(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("a server that is busy needs a pause between two tries; write one like 30s or 5m")
    return value


def _ahead(value: timedelta) -> timedelta:
    if not timedelta(minutes=1) <= value <= timedelta(days=7):
        raise ValueError("a reminder comes between 1m and 7d before the issue; write one like 24h")
    return value


def _rate(value: object) -> object:
    """Messages a second."""
    found = _RATE.match(str(value).strip()) if not isinstance(value, bool) else None
    if not found:
        raise ValueError(f"{_quoted(value)} is no rate; write messages a second, like 20 or 0.5, or 100/m, 5000/h")
    rate = float(found[1]) / _UNITS[found[2] or "s"]
    if not rate:
        raise ValueError("at a rate of 0 nothing ever leaves; leave the key out for no limit, or pause the issue")
    return rate


def _domain(value: str) -> str:
    domain = value.strip().lower()
    domain = domain if domain.isascii() else _in_ascii(domain)
    if domain.startswith("@") or not _DOMAIN.match(domain) or ".." in domain:
        raise ValueError(f"{_quoted(value)} is no domain; write what stands behind the @, like gmail.com, or default")
    if "." not in domain and domain != "default":  # nobody can be mailed there: a slip that would limit nothing
        raise ValueError(
            f"{_quoted(value)} has no dot; write a whole domain, like gmail.com, or default for all others"
        )
    return domain


def _date(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(f"{_quoted(value)} is no date; write one like 2026-12-01") from None


def _subject(value: str) -> str:
    """Only its grammar: what it asks for is known when there is an issue, and `doctor` tries one."""
    if "{" not in value or value == DEFAULT_SUBJECT:
        return value
    import jinja2  # takes its time, and most subjects are the default

    try:
        jinja2.Environment(autoescape=True).parse(value)
    except jinja2.TemplateSyntaxError as error:
        told = (error.message or "").rstrip(".")
    except RecursionError:
        told = "it nests too deep"
    else:
        return value
    raise ValueError(f"{_quoted(value)} is no template: {told}; write one like {DEFAULT_SUBJECT}")


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    found = _CLOCK.match(str(value).strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(f'{_quoted(value)} is no time of day; write one like "08:00"')
    return time(int(found[1]), int(found[2]))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder's name is an OSError
        raise ValueError(f"{_quoted(value)} is no time zone; write one like Europe/London or UTC") from None
    return value


def _day(value: object) -> object:
    day = str(value).strip().lower()
    matches = [name for name in DAYS if len(day) >= 3 and name.startswith(day)]
    if not matches:
        raise ValueError(f"{_quoted(value)} is no day; write monday … sunday")
    return matches[0]


def _in_order(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(day for day in DAYS if day in value)


def _listed(value: object) -> object:
    """`days: friday` is as good as `days: [friday]`."""
    return [value] if isinstance(value, str) else value


def _mailbox(value: str) -> str:
    addresses = [address for _, address in getaddresses([value])]
    local, _, domain = "".join(addresses[:1]).rpartition("@")
    mended = not all(address in value for address in addresses)  # the parser drops blanks in it
    odd = mended or value.count("<") != value.count(">") or any(ord(char) < 32 for char in value)
    if len(addresses) != 1 or not local or not domain or " " in addresses[0] or odd:
        raise ValueError(f'{_quoted(value)} is no mailbox; write one like "Tech Decoded <hello@example.org>"')
    if len(local) > _LOCAL_PART:
        raise ValueError(f"{_quoted(value)} has {len(local)} characters before its @; mail servers take {_LOCAL_PART}")
    if not local.isascii():
        raise ValueError(f"{_quoted(value)} has letters before its @ that few mail servers take; use a to z and digits")
    if not _ATOMS.fullmatch(local) and _is_malformed(f"{local}@example.org"):
        raise ValueError(f"{_quoted(value)}: {_quoted(local)}, before its @, is malformed; write one like hello")
    if not _is_mail_domain(domain):
        raise ValueError(f"{_quoted(value)}: {_quoted(domain)}, behind its @, is no domain; write one like example.org")
    return value


def _is_malformed(address: str) -> bool:
    """By the parser with which preflight reads the finished From."""
    from email.headerregistry import Address  # takes its time, and nearly every address is plain

    try:
        Address(addr_spec=address)
    except (ValueError, MessageError):
        return True
    return False


def _is_mail_domain(domain: str) -> bool:
    """Whether mail can name it: by its labels, by an address in brackets, or in letters that IDNA knows."""
    if domain.isascii():
        return _MAIL_DOMAIN.fullmatch(domain) is not None
    import idna

    try:
        return bool(idna.encode(domain, uts46=True))
    except idna.IDNAError:
        return False


def _web_url(value: str) -> str:
    example = "it begins with https:// (or http://)"
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{_quoted(value)} is no web address; {example}") from None
    if parts.scheme not in ("http", "https") or not host or not value.isprintable() or " " in value:
        raise ValueError(f"{_quoted(value)} is no web address; {example}")
    if "?" in value or "#" in value:
        raise ValueError(
            f"{_quoted(value)} has a query or a fragment (? or #), and paths are put behind it; leave that out"
        )
    return value.rstrip("/")


def _header_url(value: str) -> str:
    """A link that stands in headers, which are plain ASCII."""
    if value.isascii():
        return value
    host = urlsplit(value).hostname or ""
    written = value.replace(host, _in_ascii(host))
    remedy = f"; write {written}" if written.isascii() else ""
    raise ValueError(f"{_quoted(value)} cannot stand in a mail's headers, which are plain ASCII{remedy}")


def _in_ascii(host: str) -> str:
    """`xn--bcher-kva.example` for `bücher.example`; what is no name stays as it is."""
    import idna

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return host


def _host(value: str) -> str:
    name, colon, port = value.rpartition(":")
    if colon and port.isdigit() and ":" not in name:  # an IPv6 address has two colons at least
        raise ValueError(f"{_quoted(value)} is a host and a port; write them apart, `host: {name}` and `port: {port}`")
    if "//" in value:
        bare = urlsplit(value).netloc.rpartition("@")[2].partition(":")[0]
        example = bare or "mail.example.org"
        raise ValueError(f"{_quoted(value)} is an address; write the host alone, like `host: {example}`")
    if "/" in value or not _can_be_looked_up(value) or not value.isprintable() or " " in value:
        raise ValueError(f"{_quoted(value)} is no host; write one like mail.example.org or 192.0.2.1")
    return value


def _can_be_looked_up(value: str) -> bool:
    """Python refuses some names with a UnicodeError, and that long after the start."""
    if value.isascii():  # as the codec sees it, whose tables take a while to load
        return all(0 < len(label) < 64 for label in value.removesuffix(".").split("."))
    try:
        return bool(value.encode("idna"))
    except UnicodeError:
        return False


def _database(value: str) -> str:
    example = "write sqlite:///subscribers.db or postgresql+psycopg://user@host/database"
    scheme, colon, rest = value.partition("://")
    if not colon or scheme.partition("+")[0] not in ("sqlite", "postgresql"):
        raise ValueError(f"it names no SQLite and no PostgreSQL database; {example}")
    if scheme.startswith("sqlite") and rest.lstrip("/") in ("", ":memory:"):
        raise ValueError(f"a database without a file forgets everything when the command ends; {example}")
    if "\0" in value:
        raise ValueError(f"it holds a NUL character, and no path can; {example}")
    if scheme.startswith("postgresql") and not _SERVER.match(rest):
        raise ValueError(f"its host or its port (a number) is none; {example}")
    return value


def _path(value: str) -> str:
    if "\0" in value:
        raise ValueError("it holds a NUL character, and no path can; leave that out")
    return value


def _feed(value: str) -> str:
    _path(value)
    scheme, colon, _ = value.partition("://")
    if colon and scheme.lower() not in ("http", "https"):
        raise ValueError(f"{_quoted(value)} is no feed we can ask for; write an http(s) address or a file's path")
    return value


def _language(value: str) -> str:
    if not _LANGUAGE.match(value):
        raise ValueError(f"{_quoted(value)} is no language; write its code, like en, en-GB or pt-BR")
    return value


def _number(value: object) -> object:
    """`port: yes` is no port, though Python counts with it."""
    if isinstance(value, bool):
        raise ValueError(f"{str(value).lower()}: write a whole number")
    return value


def _network(value: object) -> object:
    try:
        return str(ip_network(str(value).strip(), strict=False))
    except ValueError:
        raise ValueError(f"{_quoted(value)} is no network; write one like 10.0.0.1 or 10.0.0.0/8") from None


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Pause = Annotated[Duration, AfterValidator(_pause)]
Ahead = Annotated[Duration, AfterValidator(_ahead)]
Rate = Annotated[float, BeforeValidator(_rate)]
Domain = Annotated[str, AfterValidator(_domain)]
Date = Annotated[date, BeforeValidator(_date)]
TimeOfDay = Annotated[time, BeforeValidator(_clock)]
Zone = Annotated[str, AfterValidator(_zone)]
Day = Annotated[str, BeforeValidator(_day)]
Days = Annotated[tuple[Day, ...], BeforeValidator(_listed), AfterValidator(_in_order)]
Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Subject = Annotated[str, AfterValidator(_subject)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Mailboxes = Annotated[tuple[Mailbox, ...], BeforeValidator(_listed)]
Number = Annotated[int, BeforeValidator(_number)]
DatabaseUrl = Annotated[str, AfterValidator(_database)]
Host = Annotated[str, AfterValidator(_host)]
PathName = Annotated[str, AfterValidator(_path)]
FeedUrl = Annotated[str, AfterValidator(_feed)]
Language = Annotated[str, AfterValidator(_language)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
HeaderUrl = Annotated[WebUrl, AfterValidator(_header_url)]
Network = Annotated[str, BeforeValidator(_network)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_listed)]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]

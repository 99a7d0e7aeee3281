"""What the columns of other people's subscriber lists mean: Mailchimp's, Substack's, Ghost's … and our own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from newsletter.domain.subscriber import SubscriptionState
from newsletter.text.list_states import meant
from newsletter.text.plain import one_line

# Column titles, lower case and without anything but letters and digits. Where several fit, the first one counts.
TITLES: dict[str, tuple[str, ...]] = {
    "email": (
        "email", "emailaddress", "mail", "mailaddress", "subscriberemail", "contactemail", "primaryemail", "address",
        "emailadresse", "adresseemail", "courriel", "correo", "correoelectronico", "epost",
    ),
    "name": ("name", "fullname", "displayname", "subscribername"),
    "first": ("firstname", "fname", "first", "givenname", "vorname", "prenom", "nombre"),
    "last": ("lastname", "lname", "last", "surname", "familyname", "nachname", "nom", "apellido"),
    "edition": ("edition",),
    "newsletter": ("newsletter",),
    "tags": ("tags", "tag", "labels", "label", "segments", "groups"),
    "state": (
        "state", "status", "subscriptionstatus", "subscriberstatus", "emailstatus", "memberstatus",
        "emailpermissionstatus", "permissionstatus", "emailmarketingconsent", "consentstatus",
    ),
    "since": (
        "since", "confirmtime", "confirmedat", "confirmationtime", "optintime", "optindate", "optinat", "subscribedat",
        "subscribeddate", "subscribedon", "subscribedate", "subscriptiondate", "dateadded", "createdat", "created",
        "signupdate", "signedupat", "joined", "joinedat", "addedat", "dateofsubscription",
    ),
    "ended": (
        "unsubscribedat", "unsubtime", "unsubscribetime", "unsubscribedate", "unsubscribedon", "cleantime", "bouncedat",
        "bouncetime", "deletedat", "complainedat", "blockedat", "optouttime", "optoutdate",
    ),
    "stopped": (
        "emaildisabled", "unsubscribed", "optedout", "optout", "bounced", "hardbounced", "complained", "blocked",
        "blocklisted", "blacklisted", "denylisted", "suppressed", "cleaned", "deleted", "emailblacklist",
        "emailblacklisted", "emailblocklisted", "emailoptout", "hasoptedoutofemail", "unsubscribedfromallemail",
        "donotemail", "donotmail",
    ),
    "wanted": (
        "subscribed", "subscribedtoemails", "emailenabled", "optin", "optedin", "acceptsmarketing",
        "acceptsemailmarketing", "marketingconsent",
    ),
}  # fmt: skip
_SECONDS = re.compile(r"1\d{9}(?:\d{3})?", re.ASCII)  # since 1970, from 2001 on; with milliseconds
_NUMBERS = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})\b")
_CLOCK = re.compile(
    r"[ ,T]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([AP]M)?(\s*(?:UTC|GMT|Z|[+-]\d\d:?\d\d))?", re.IGNORECASE
)
_MONTH = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", re.IGNORECASE)
_FALSE = ("", "0", "false", "no", "n", "f", "off", "none", "null")
_TAG_BREAK = re.compile(r"\s*[,;|]\s*")
_CELL_START = r"(?:\A|(?<=[;\t]))"
_SIGN = (
    r"""'*[" ]*[=+\-@\t\r]"""  # quotes before it count, so that what had one already gets one more, and loses that one
)
_FORMULA = re.compile(rf"{_CELL_START}(?={_SIGN})")
_HARMLESS = re.compile(rf"{_CELL_START}'(?={_SIGN})")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9.]+(?:[ '-][A-Za-z0-9.]+)*").fullmatch
_BEFORE_EMAIL, _TOO_LATE = 1970, 3000
_MOST_TAGS, _LONGEST_NAME, _LONGEST_TAG = 50, 200, 60


class Entry(NamedTuple):
    """One line of a list: what it says of a person. `since` None and `edition` "" mean that it does not say.

    `odd_state` and `odd_date` are words of its that are not understood: the person has to confirm, and is of no date.
    """

    email: str
    name: str = ""
    tags: tuple[str, ...] = ()
    edition: str = ""
    newsletter: str = ""
    state: SubscriptionState = SubscriptionState.ACTIVE
    since: datetime | None = None
    odd_state: str = ""
    odd_date: str = ""


class Columns:
    """Which column of a header means what."""

    def __init__(self, header: Sequence[str]) -> None:
        titles = [re.sub(r"[^a-z0-9]", "", title.lower()) for title in header]
        self._at = {
            meaning: [titles.index(known) for known in names if known in titles] for meaning, names in TITLES.items()
        }
        known_titles = {title for names in TITLES.values() for title in names}
        self.left_alone = [name for name, title in zip(header, titles, strict=True) if title not in known_titles]
        """Titles that mean nothing here, as they are written."""
        self._regions = {place for place, title in enumerate(titles) if title == "state"}  # it may be one of the USA
        self.width = len(titles)
        self.has_addresses = bool(self._at["email"])
        self.email = self._at["email"][0] if self.has_addresses else 0
        self.name, self.edition = self._place("name"), self._place("edition")
        self.has_more = any(
            places for meaning, places in self._at.items() if meaning not in ("email", "name", "edition")
        )
        """Whether there are columns to be looked at beside address, name and edition."""

    def entry(self, row: Sequence[str]) -> Entry:
        """Reads a row, which may be short; the address is as written, without outer spaces."""
        state, odd_state = self._state(row)
        since = self._date(row, "ended" if state is SubscriptionState.UNSUBSCRIBED else "since")
        date = "" if since else self._cell(row, "since")
        return Entry(
            email=self.address(row),
            name=self._name(row),
            tags=_tags(self._cell(row, "tags")),
            edition=self._cell(row, "edition"),
            newsletter=self._cell(row, "newsletter"),
            state=state,
            since=since,
            odd_state=odd_state,
            odd_date=date if _says_a_day(date) else "",
        )

    def address(self, row: Sequence[str]) -> str:
        """Whose row it is: the address as written, without outer spaces; "" when there is none."""
        return self._cell(row, "email")

    def _place(self, meaning: str) -> int | None:
        return self._at[meaning][0] if self._at[meaning] else None

    def _cell(self, row: Sequence[str], meaning: str) -> str:
        """The first cell of that meaning that is filled, as it was before an export made it harmless."""
        for place in self._at[meaning]:
            if place < len(row) and (cell := row[place].strip()):
                return as_written(cell)
        return ""

    def _name(self, row: Sequence[str]) -> str:
        first, last = self._cell(row, "first"), self._cell(row, "last")
        whole = self._cell(row, "name")
        parts = (first, last) if first else (whole, last) if last and last not in whole else (whole or last,)
        return clean_name(" ".join(part for part in parts if part))

    def _state(self, row: Sequence[str]) -> tuple[SubscriptionState, str]:
        """Whoever any column says has left, or cannot be reached, never comes in as active. With a word that is not
        understood, where none is; its reader is not mailed before somebody knows better."""
        words = {place: as_written(row[place].strip().lower()) for place in self._at["state"] if place < len(row)}
        said = {place: meant(word) for place, word in words.items() if word}
        stopped = any(row[place].strip().lower() not in _FALSE for place in self._at["stopped"] if place < len(row))
        unwanted = any(
            (cell := row[place].strip().lower()) and cell in _FALSE for place in self._at["wanted"] if place < len(row)
        )
        if stopped or unwanted or self._cell(row, "ended") or SubscriptionState.UNSUBSCRIBED in said.values():
            return SubscriptionState.UNSUBSCRIBED, ""
        if SubscriptionState.PENDING in said.values():
            return SubscriptionState.PENDING, ""
        unknown = [place for place, state in said.items() if state is None]
        if SubscriptionState.ACTIVE in said.values():
            unknown = [place for place in unknown if place not in self._regions]
        return (SubscriptionState.PENDING, words[unknown[0]]) if unknown else (SubscriptionState.ACTIVE, "")

    def _date(self, row: Sequence[str], meaning: str) -> datetime | None:
        for place in [*self._at[meaning], *self._at["since"]]:
            if place < len(row) and (found := moment(row[place])):
                return found
        return None


def is_plain_name(name: str) -> bool:
    """Whether `clean_name` would leave it as it is: a quick look, never wrong."""
    return not name or (len(name) <= _LONGEST_NAME and _PLAIN_NAME(name) is not None)


def clean_name(name: str) -> str:
    """A name as it may stand in a mail: one line of plain text, of a sensible length."""
    return one_line(name)[:_LONGEST_NAME].strip()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, also where it splits at semicolons or tabs."""
    return _FORMULA.sub("'", cell)


def as_written(cell: str) -> str:
    """Undoes what an export did so that a spreadsheet takes no cell for a formula."""
    return _HARMLESS.sub("", cell)


def moment(text: str) -> datetime | None:
    """An instant as exports write it (ISO 8601 and its relatives, `3 Apr 2021` as in mails, `03.04.2021` as in Europe,
    seconds since 1970; UTC where no zone is named), else None. `03/04/2021` may be two days, so it is none;
    `03/25/2021` is one.

    None too for a year in which nobody signed up: an empty date is often written as the year 1, 1900, 1970 or 9999.
    """
    try:
        found = _read(text.strip())
        at = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if _BEFORE_EMAIL < at.year < _TOO_LATE else None


def _read(text: str) -> datetime:
    """Raises ValueError."""
    if _SECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    if _MONTH.search(text):
        return parsedate_to_datetime(text if ":" in text else f"{text} 00:00")
    tidy = re.sub(r"\A(\d{4})/(\d\d)/(\d\d)", r"\1-\2-\3", text)
    if numbers := _NUMBERS.match(text):
        tidy = f"{_year_first(numbers)}{_on_24_hours(text[numbers.end() :])}"
    tidy = re.sub(r"\s*(?:UTC|GMT|Z)\Z", "+00:00", tidy)
    return datetime.fromisoformat(re.sub(r"\s+([+-]\d\d:?\d\d)\Z", r"\1", tidy))


def _year_first(numbers: re.Match[str]) -> str:
    """Raises ValueError where it is not clear which number is the day: only with dots that is always the first."""
    first, mark, second, year = numbers[1], numbers[2], numbers[3], numbers[4]
    if mark != "." and int(first) <= 12 and int(second) <= 12 and int(first) != int(second):
        raise ValueError(f"{numbers[0]} may be two days")
    day, month = (second, first) if mark != "." and int(second) > 12 else (first, second)
    return f"{year}-{int(month):02}-{int(day):02}"


def _on_24_hours(time: str) -> str:
    """` 3:05 PM` -> ` 15:05:00`; as it is where it is no such time."""
    found = _CLOCK.fullmatch(time)
    if not found:
        return time
    hour, minute, second, half, zone = int(found[1]), found[2], found[3] or "00", found[4], found[5] or ""
    if half:
        hour = hour % 12 + (12 if half.upper() == "PM" else 0)
    return f" {hour:02}:{minute}:{second}{zone}"


def _says_a_day(text: str) -> bool:
    """Whether there is a day in it that `moment` did not understand; no year is one in which nobody signed up."""
    try:
        _read(text)
    except (ValueError, OverflowError):
        return bool(set("123456789") & set(text))  # an empty date is often written 0000-00-00
    return False


def _tags(cell: str) -> tuple[str, ...]:
    """`"Lorem Editors","Second"`, `one; two` and `one | two` alike."""
    words = (one_line(word.strip(" \"'[]"))[:_LONGEST_TAG] for word in _TAG_BREAK.split(cell))
    return tuple(dict.fromkeys(word for word in words if word))[:_MOST_TAGS]

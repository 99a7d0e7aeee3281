"""What counts as an email address, and the one form in which it is kept."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from newsletter.errors import AddressError

# No possessive quantifiers here: Python before 3.11.5 matches them wrongly around groups.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_SPECIAL = r"(?:arpa|invalid|local|localhost|onion|test)"
_PLAIN = re.compile(rf"(?!'){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?!{_SPECIAL}\Z)[a-z]{{2,24}}").fullmatch
_PLAIN_LENGTH = 64  # a whole address of that length has no part that is too long
_EXAMPLE = "write one like name@example.org"


def normalise(address: str) -> str:
    """The form in which an address is kept, compared and mailed: lower case, its domain as an A-label.

    Dots and +tags in the local part are left alone: they are other people's mailboxes. The local part's case is
    given up: no mail server in use tells Bob@ and bob@ apart, and people type both.
    Raises AddressError with a reason in plain words.
    """
    lowered = address.lower()
    return lowered if is_plain(lowered) and address.isascii() else _judged(address)


def is_plain(address: str) -> bool:
    """Whether it is a normalised address already, of the kind that nearly everybody has: a quick look, never wrong.

    email-validator accepts each of these too (a test compares them), and judges what is not plain. A ' in front is
    not: in a list it may stand there for a spreadsheet's sake (text.roster.as_written).
    """
    return len(address) <= _PLAIN_LENGTH and _PLAIN(address) is not None


def _judged(address: str) -> str:
    if not address:
        raise AddressError(f"the address is empty; {_EXAMPLE}")
    if len(address) > 320:
        raise AddressError("the address is too long; at most 254 characters can be mailed")
    if any(ord(char) < 32 or ord(char) == 127 for char in address):
        raise AddressError("the address holds a line break or another control character")
    if "@" not in address:
        raise AddressError(f"{address!r} has no @; {_EXAMPLE}")
    local = address.rpartition("@")[0]
    if not local.isascii():
        raise AddressError(
            f"{address!r} has letters before the @ that most mail servers cannot handle; "
            "use an address with plain letters (a-z) there"
        )
    try:
        found = validate_email(address, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError as error:
        raise AddressError(f"{address!r} is no email address: {str(error).rstrip('.')}") from None
    if found.ascii_email is None or not found.ascii_domain or "." not in found.ascii_domain:
        raise AddressError(f"{address!r} cannot be mailed: the part after the @ needs a dot; {_EXAMPLE}")
    return found.ascii_email.lower()

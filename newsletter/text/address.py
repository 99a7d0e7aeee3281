"""What counts as an e-mail address, and the one form in which it is kept."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from newsletter.errors import AddressError

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# Plain ASCII addresses as nearly everybody has one. What it matches, email-validator accepts too (a test compares
# them); what it does not match is email-validator's to judge. It makes an import ten times as fast.
_PLAIN = re.compile(
    rf"(?=.{{3,254}}\Z)(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+"
    r"(?!(?:arpa|invalid|local|localhost|onion|test)\Z)[a-z]{2,24}\Z"
)
_EXAMPLE = "write one like name@example.org"


def normalise(address: str) -> str:
    """The form in which an address is kept, compared and mailed: lower case, its domain as an A-label.

    Dots and +tags in the local part are left alone: they are other people's mailboxes. The local part's case is
    given up: no mail server in use tells Bob@ and bob@ apart, and people type both.
    Raises AddressError with a reason in plain words.
    """
    lowered = address.lower() if address.isascii() else address
    if _PLAIN.match(lowered):
        return lowered
    return _judged(address)


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
        raise AddressError(f"{address!r} is no e-mail address: {str(error).rstrip('.')}") from None
    if found.ascii_email is None or not found.ascii_domain or "." not in found.ascii_domain:
        raise AddressError(f"{address!r} cannot be mailed: the part after the @ needs a dot; {_EXAMPLE}")
    return found.ascii_email.lower()


def domain(email: str) -> str:
    """The domain of a normalised address."""
    return email.rpartition("@")[2]

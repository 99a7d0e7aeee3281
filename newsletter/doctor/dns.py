"""The sender's domain: do receivers know who may send in its name?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dns.exception
import dns.resolver

from newsletter.doctor.symptom import Symptom, note, ok, warning
from newsletter.errors import AddressError
from newsletter.text.headers import mailbox

AREA = "DNS"
_SECONDS = 4.0
_PLACEHOLDERS = ("example", "test", "invalid", "localhost", "example.com", "example.net", "example.org")


def examine(senders: Sequence[str], resolver: dns.resolver.Resolver | None = None) -> Iterator[Symptom]:
    """SPF and DMARC of each sender's domain. What DNS does not tell today is a note, not an error."""
    for domain in sorted({_domain(sender) for sender in senders} - {""}):
        if is_placeholder(domain):
            yield note(AREA, f"{domain} is a placeholder nobody can receive answers at.", "Put your own into `sender`.")
            continue
        try:
            yield from _of(domain, resolver or _resolver())
        except (dns.exception.DNSException, OSError):
            yield note(
                AREA, f"DNS does not answer, so SPF and DMARC of {domain} were not checked.", "Try again online."
            )


def is_placeholder(domain: str) -> bool:
    return any(domain == name or domain.endswith(f".{name}") for name in _PLACEHOLDERS)


def _of(domain: str, resolver: dns.resolver.Resolver) -> Iterator[Symptom]:
    spf = [text for text in _texts(domain, resolver) if text.lower().startswith("v=spf1")]
    if len(spf) == 1:
        yield ok(AREA, f"{domain} has SPF: {spf[0]}")
    else:
        told = f"{domain} has {'no SPF record' if not spf else f'{len(spf)} SPF records, and only one counts'}."
        yield warning(AREA, told, f"TXT record for {domain}: v=spf1 include:YOUR-MAIL-SERVER -all")
    dmarc = [text for text in _texts(f"_dmarc.{domain}", resolver) if text.upper().startswith("V=DMARC1")]
    if dmarc:
        yield ok(AREA, f"{domain} has DMARC: {dmarc[0]}")
    else:
        remedy = f"TXT record for _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:postmaster@{domain}"
        yield warning(AREA, f"{domain} has no DMARC record; Gmail and Yahoo ask for one.", remedy)
    told = f"whether mails of {domain} are signed (DKIM) shows in the headers of what `newsletter send-preview` brings."
    yield note(AREA, told, "")


def _texts(name: str, resolver: dns.resolver.Resolver) -> list[str]:
    try:
        answer = resolver.resolve(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _resolver() -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver()
    resolver.lifetime = _SECONDS
    return resolver


def _domain(sender: str) -> str:
    try:
        return mailbox(sender)[1].rpartition("@")[2]
    except AddressError:
        return ""

"""The mail server: does it answer, let us in, and keep what we say to itself?"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

from newsletter.config import Smtp
from newsletter.doctor.symptom import Symptom, error, note, ok, warning
from newsletter.domain.delivery import LOGIN_REFUSED
from newsletter.transports.folder import in_the_way
from newsletter.transports.gate import Gate
from newsletter.transports.mishaps import in_words
from newsletter.transports.smtp_session import Server, Session, SessionRefused, Unsuited, open_session
from newsletter.transports.smtp_wire import Broken, Reply, Timeouts

AREA = "mail server"
_REFUSED = 400  # from this reply code on
_PATIENT = Timeouts(connect=8.0, greeting=8.0, command=8.0)


def examine(smtp: Smtp, senders: Sequence[str] = ()) -> Iterator[Symptom]:
    """Of each server, also whether it would take mail of these addresses. It is given none."""
    for server in smtp.each():
        yield from _examine(server, senders)


def examine_folder(folder: Path) -> Iterator[Symptom]:
    """What stands in for a server with `smtp: type: folder`."""
    if trouble := in_the_way(folder):
        yield error(AREA, f"mails cannot become files: {trouble}.", "Write the path of a folder into `smtp: path`.")
    else:
        yield note(AREA, f"mails become files in {folder}; nothing is sent.", "Set `smtp: type: smtp` to send.")


def _examine(smtp: Smtp, senders: Sequence[str]) -> Iterator[Symptom]:
    if smtp.users_without_password():
        yield error(AREA, f"there is no password for {smtp.username}.", "Set NEWSLETTER_SMTP__PASSWORD.")
        return
    password = smtp.password.get_secret_value() if smtp.password else None
    server = Server(smtp.host, smtp.port, smtp.security, smtp.username, password, None, _PATIENT)
    try:
        offers, refused = asyncio.run(_asked(server, senders))
    except SessionRefused as refusal:
        yield error(
            AREA, f"{_place(smtp)} refuses us: {refusal.reply.code} {refusal.reply.text}", _remedy(refusal.reply)
        )
        return
    except ssl.SSLError as trouble:
        told = f"{_place(smtp)} cannot be spoken to: {in_words(trouble)}."
        yield error(AREA, told, "Check the host's name and certificate, and `security:` (587: starttls, 465: tls).")
        return
    except Unsuited as trouble:
        remedy = "Check `smtp: security` and `port` (587: starttls, 465: tls, 25: often none)."
        yield error(AREA, f"{_place(smtp)} answers, but not as it should: {in_words(trouble)}.", remedy)
        return
    except (Broken, OSError) as trouble:
        told = f"{_place(smtp)} does not answer: {in_words(trouble)}."
        yield error(AREA, told, "Check `smtp: host`, `port` and `security`, and that the server runs.")
        return
    for sender, reply in refused.items():
        told = f"{_place(smtp)} takes no mail of {sender}: {reply.code} {reply.text}"
        yield error(AREA, told, _remedy(reply))
    entered = f" and lets {smtp.username} in" if smtp.username else ""
    yield ok(
        AREA,
        f"{_place(smtp)} answers{entered}; it offers {', '.join(sorted(filter(None, offers))) or 'nothing special'}.",
    )
    yield from _privacy(smtp, offers)


async def _asked(server: Server, senders: Sequence[str]) -> tuple[dict[str, str], dict[str, Reply]]:
    """What the server offers, and its answers to those senders of whom it takes no mail."""
    session: Session = await open_session(server, Gate())
    refused: dict[str, Reply] = {}
    try:
        for sender in senders:
            reply = await session.wire.ask(f"MAIL FROM:<{sender}>", server.timeouts.command)
            if reply.code >= _REFUSED:
                refused[sender] = reply
            await session.wire.ask("RSET", server.timeouts.command)
    except Broken:  # it hung up on the first of them, say: what it said until then is told
        pass
    finally:
        session.wire.drop()
    return session.offers, refused


def _privacy(smtp: Smtp, offers: dict[str, str]) -> Iterator[Symptom]:
    if smtp.security != "none" or _is_here(smtp.host):
        return
    remedy = "Set `security: starttls`." if "STARTTLS" in offers else "Use a server that offers TLS."
    yield warning(AREA, f"what we tell {smtp.host} goes over the network in the clear.", remedy)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or "." not in host


def _remedy(reply: Reply) -> str:
    if reply.code in LOGIN_REFUSED:
        return "Set `smtp: username` and NEWSLETTER_SMTP__PASSWORD, or correct them."
    return "Ask whoever runs the mail server."


def _place(smtp: Smtp) -> str:
    return f"{smtp.host}:{smtp.port} ({'no TLS' if smtp.security == 'none' else smtp.security})"

"""The mail that asks one person to confirm, sent at once: who runs no `serve` has nothing else that sends it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.cli import output

if TYPE_CHECKING:
    from datetime import datetime

    from newsletter.app import App
    from newsletter.domain.subscriber import Subscription
    from newsletter.store.notices import Latest

_PATIENCE = 5.0  # seconds for a mail that `serve` is sending


@dataclass(frozen=True)
class Asked:
    """`state` is sent, sending, queued or failed, None where no mail asks; `words` are the server's; `now`: it is of
    this very moment."""

    state: str | None = None
    words: str = ""
    now: bool = False


def ask_at_once(app: App, found: Subscription, began: datetime) -> Asked:
    """Sends what is due for that person; `began` is when this command did. What the server does not take stays queued.

    A notice is claimed before it is sent, so a `serve` beside us never sends it a second time: is it the faster one, it
    is waited for.
    """
    from newsletter.domain.delivery import DeliveryState
    from newsletter.loop import run
    from newsletter.reminding import composers
    from newsletter.services.notices import send_due

    person = app.signer.person(found.subscriber.email)
    door, write = app.transport(hurried=True), app.renderer.notice
    run(send_due(app.database, door, write, app.signer, app.edition, app.clock, person, composers(app)))
    if (mail := _once_sent(app, person, found)) is None:
        return Asked()
    if mail.state in (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SENDING):
        return Asked(mail.state.value, mail.words, mail.created_at >= began)
    return Asked("queued", mail.words)


def _once_sent(app: App, person: bytes, found: Subscription) -> Latest | None:
    """The mail that asks, when another process that has it in hand is through with it, or takes long."""
    from newsletter.domain.delivery import DeliveryState
    from newsletter.services.notices import asking_mail

    until = time.monotonic() + _PATIENCE
    while True:
        mail = asking_mail(app.database, person, found, app.clock())
        if mail is None or mail.state is not DeliveryState.SENDING or time.monotonic() > until:
            return mail
        time.sleep(0.05)


def say_asked(email: str, asked: Asked) -> None:
    """What became of the mail, and what is to be done where it did not go."""
    name, words = output.plain(email), output.plain(asked.words)
    if asked.state == "sent":
        if asked.now:
            output.say(f"{name} is asked to confirm: the mail is sent.")
        else:
            output.say(f"{name} was asked to confirm within the last day already: no other mail goes out now.")
    elif asked.state == "sending":
        output.say(f"{name} is being asked to confirm: another process has the mail in hand.")
    elif asked.state == "queued":
        reason = f" ({words})" if words else ""
        output.say(
            f"{name} will be asked to confirm: the mail could not go out yet{reason}. It is queued, and "
            "[bold]newsletter serve[/] or [bold]newsletter worker[/] sends it; so does the same command, later."
        )
    elif asked.state == "failed":
        output.note(f"[yellow]warning:[/] {name} could not be asked to confirm: {words}.")
    else:
        output.say(f"{name} is not asked again: this address has had its share of mails for today. Add it tomorrow.")

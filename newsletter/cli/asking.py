"""The mail that asks one person to confirm, sent at once: who runs no `serve` has nothing else that sends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.cli import output

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.subscriber import Subscription


@dataclass(frozen=True)
class Asked:
    """`state` is sent, queued or failed, None where no mail asks; `words` are the server's; `now`: it went just now."""

    state: str | None = None
    words: str = ""
    now: bool = False


def ask_at_once(app: App, found: Subscription) -> Asked:
    """Sends what is due for that person. What the server does not take now stays in the queue.

    A notice is claimed before it is sent, so a `serve` beside us never sends it a second time.
    """
    from newsletter.domain.delivery import DeliveryState
    from newsletter.reminding import composers
    from newsletter.services.loop import run
    from newsletter.services.notices import confirmation_mail, send_due

    person = app.signer.person(found.subscriber.email)
    door, write = app.transport(hurried=True), app.renderer.notice
    done = run(send_due(app.database, door, write, app.signer, app.edition, app.clock, person, composers(app)))
    if found.state.value == "active" or (mail := confirmation_mail(app.database, person, found, app.clock())) is None:
        return Asked()
    state, words = mail
    if state in (DeliveryState.SENT, DeliveryState.FAILED):
        return Asked(state.value, words, bool(done.sent or done.failed))
    return Asked("queued", words)


def say_asked(email: str, asked: Asked) -> None:
    """What became of the mail, and what is to be done where it did not go."""
    name, words = output.plain(email), output.plain(asked.words)
    if asked.state == "sent":
        before = "" if asked.now else " It went before: one goes out in a day, however often they are added."
        output.say(f"{name} is asked to confirm: the mail is sent.{before}")
    elif asked.state == "queued":
        reason = f" ({words})" if words else ""
        output.say(
            f"{name} will be asked to confirm: the mail could not go out yet{reason}. It is queued, and "
            "[bold]newsletter serve[/] or [bold]newsletter worker[/] sends it; so does the same command, later."
        )
    elif asked.state == "failed":
        output.note(f"[yellow]warning:[/] {name} could not be asked to confirm: {words}.")
    else:
        output.say(f"{name} is not asked again: as many mails as one address gets in a day have gone. Add it tomorrow.")

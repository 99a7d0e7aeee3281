"""Every error that is told to a user.

NewsletterError            said to the user in one line, never as a traceback; exit 1
├── ConfigError            config.yaml or the environment is wrong; exit 2
├── UsageError             the command was called wrongly; exit 2
├── NotFound               no such newsletter, edition, issue, subscriber
├── Unread                 nothing is new, and not all sources could be read
├── WrongState             the thing is not in a state that allows this
│   └── Rebuilt            a draft is not the one any more that was checked
├── NoReaders              nobody reads that edition yet
├── Busy                   another process is at it
├── Blocked                preflight found what must not leave; exit 3
├── SourceError            a source cannot be read at all
│   ├── OffLimits          the fetch guard does not go there
│   └── AskLater           the server asks not to be asked before some time
├── PostError              one post cannot be read: file, line, remedy
├── PictureError           one picture cannot be shown: the reason, without its place
├── TemplateError          a template is wrong: file, line, remedy
├── NoteError              an editor's note cannot be used: file, line, remedy
├── AddressError           not an email address we can mail
├── TokenError             a link's token is forged, expired or of another purpose
└── StoreError             the database cannot be opened, read or written
    └── Away               it is locked, full or out of reach: in a moment it may be there again
"""

from __future__ import annotations

from collections.abc import Mapping


class NewsletterError(Exception):
    """Base of all. `str(error)` is a full sentence for the user, with place and remedy."""

    exit_status = 1


class ConfigError(NewsletterError):
    exit_status = 2


class UsageError(NewsletterError):
    exit_status = 2


class NotFound(NewsletterError):
    pass


class Unread(NewsletterError):
    """There is nothing to send, and not all sources could be read."""


class WrongState(NewsletterError):
    pass


class Rebuilt(WrongState):
    pass


class NoReaders(NewsletterError):
    pass


class Busy(NewsletterError):
    pass


class Blocked(NewsletterError):
    exit_status = 3


class SourceError(NewsletterError):
    """A source that cannot be read. `state`, when not None, is what the source wants remembered all the same."""

    def __init__(self, message: str, *, state: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.state = state


class OffLimits(SourceError):
    pass


class PostError(NewsletterError):
    """One post that cannot be read.

    `place` is the path below the source's root, `line` counts from 1 in the file (None when unknown).
    """

    def __init__(self, place: str, reason: str, *, line: int | None = None) -> None:
        self.place, self.reason, self.line = place, reason, line
        super().__init__(f"{place}:{line}: {reason}" if line else f"{place}: {reason}")


class TemplateError(NewsletterError):
    """A template that cannot be rendered; `line` counts from 1 in the template's file."""

    def __init__(self, template: str, reason: str, *, line: int | None = None) -> None:
        self.template, self.reason, self.line = template, reason, line
        super().__init__(f"{template}:{line}: {reason}" if line else f"{template}: {reason}")


class NoteError(NewsletterError):
    """An editor's note that cannot be used. `place` is the file as the editor named it; `line` counts from 1."""

    def __init__(self, place: str, reason: str, *, line: int | None = None) -> None:
        self.place, self.reason, self.line = place, reason, line
        super().__init__(f"{place}:{line}: {reason}" if line else f"{place}: {reason}")


class PictureError(NewsletterError):
    """A picture that no mail can show. `str(error)` is the reason alone, without a full stop; who asked knows where."""


class AddressError(NewsletterError):
    pass


class TokenError(NewsletterError):
    """`kind` is what pages know the reason by: forged, expired, used, gone, taken, never_mailed."""

    def __init__(self, words: str, kind: str) -> None:
        super().__init__(words)
        self.kind = kind


class StoreError(NewsletterError):
    pass


class Away(StoreError):
    """`said` is the reason in a few words, without a remedy: whoever tries again tells what it waits for."""

    def __init__(self, words: str, said: str = "") -> None:
        super().__init__(words)
        self.said = said or words.rstrip(".")


_MOST_REPEATED = 200


def repeated(text: object) -> str:
    """What somebody gave, as a message repeats it: whole where it is short, else its beginning."""
    given = str(text)
    return given if len(given) <= _MOST_REPEATED else f"{given[:_MOST_REPEATED]}…"


def visible(text: str) -> str:
    """`text` in one line, with what cannot be printed, or turns a line around, as Python and YAML would escape it."""
    return text if text.isprintable() else "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)

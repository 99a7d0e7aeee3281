"""Where an editor's note comes from: the file that `note:` names, or one that is given for one draft."""

from __future__ import annotations

import sys
from pathlib import Path

from newsletter.app import App
from newsletter.domain.note import EditorNote
from newsletter.errors import NoteError
from newsletter.text.note import MOST_BYTES, read_note

STDIN = "-"


def note_of(app: App, newsletter: str, edition: str) -> EditorNote | None:
    """The note that config.yaml names for the edition; None where it names none, or no such file is there (yet).

    Raises NoteError: file, line, remedy.
    """
    own = app.newsletter(newsletter)
    place = own.note if own.editions[edition].note is None else own.editions[edition].note
    if not place or not (path := app.config.resolve(place)).exists():
        return None
    return EditorNote(read_note(_bytes(path, place), place), place)


def note_given(place: str) -> EditorNote:
    """A note for one draft, from a file or from stdin (`-`). Raises NoteError."""
    data = sys.stdin.buffer.read(MOST_BYTES + 1) if place == STDIN else _bytes(Path(place), place)
    shown = "stdin" if place == STDIN else place
    return EditorNote(read_note(data, shown), shown, once=True)


def _bytes(path: Path, place: str) -> bytes:
    try:
        if path.exists() and not path.is_file():  # a pipe would keep us waiting
            raise NoteError(place, "that is no file. Name a Markdown file.")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise NoteError(place, f"it cannot be read: {told.lower()}. Name a file that can.") from None

"""The editor's note: a few words of the editor's own for the next issue of an edition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EditorNote:
    """`words` are paragraphs of plain text, an empty line between them; a link in them stands as `[words](address)`.

    `place` is the file as the editor named it. With `once` it was given for one draft, not by config.yaml: such a draft
    keeps it whenever it is built anew, and empty words mean that it is to have none.
    """

    words: str
    place: str
    once: bool = False

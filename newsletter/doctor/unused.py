"""Files in the operator's templates folder that nothing shows."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from newsletter.app import App, package_templates, template_folders
from newsletter.doctor.symptom import Symptom, warning

_SUFFIXES = (".mjml", ".txt", ".html", ".css", ".xml")


def examine(app: App) -> Iterator[Symptom]:
    """Each that replaces no file of the program's and is named in no other of the operator's: a slip in its name."""
    own, originals = template_folders(app.config)[0], _files(package_templates())
    if not own.is_dir() or own.resolve() == package_templates().resolve():
        return
    ours = _files(own)
    named = "\n".join(path.read_text("utf-8", "replace") for path in ours.values())
    for name in sorted(ours.keys() - originals.keys()):
        if f'"{name}"' not in named and f"'{name}'" not in named and not _is_words(name, originals):
            meant = _meant(name, list(originals))
            remedy = f"Did you mean {meant}?" if meant else "Remove it, or include it in another template."
            yield warning("templates", f"{ours[name]} replaces no file of the program's, so nothing shows it.", remedy)


def _files(folder: Path) -> dict[str, Path]:
    """By their names below the folder, with / between the parts."""
    found = (path for path in folder.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in found}


def _is_words(name: str, originals: dict[str, Path]) -> bool:
    """A language of the operator's own lies beside the program's."""
    place = PurePosixPath(name)
    return place.parent.name == "words" and any(PurePosixPath(one).parent == place.parent for one in originals)


def _meant(name: str, originals: list[str]) -> str:
    """The program's file that has the same name elsewhere, or nearly the same."""
    file = PurePosixPath(name).name
    same = [one for one in originals if PurePosixPath(one).name == file]
    return next(iter(same or difflib.get_close_matches(name, originals, n=1)), "")

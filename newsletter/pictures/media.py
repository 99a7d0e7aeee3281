"""The media folder: finished pictures under names made from their content, and a register of what was made of what.

A file is never changed and never erased: mails that went out years ago refer to it. The register, in `.made`, may be
thrown away at any time; the pictures are then made again, byte for byte, under their old names.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from newsletter.errors import PictureError
from newsletter.pictures.values import Shaped
from newsletter.text.media import is_name


@dataclass(frozen=True, slots=True)
class Entry:
    """What was made of something: `name` of the file, or "" and the `reason` why there is none.

    `asked` is when the web was asked for it last (ISO 8601, UTC) and `validators` what its server told then (the
    headers to ask again with); "" and none for a file. `failed` is when it was asked in vain last.
    """

    name: str = ""
    reason: str = ""
    asked: str = ""
    validators: tuple[tuple[str, str], ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    folder: Path

    def keep(self, shaped: Shaped) -> str:
        """Stores a picture and returns its name. Raises PictureError when the disk does not take it."""
        name = f"{hashlib.sha256(shaped.data).hexdigest()[:32]}.{shaped.kind}"
        if not self.has(name):
            _write(self.folder / name, shaped.data)
        return name

    def has(self, name: str) -> bool:
        return is_name(name) and (self.folder / name).is_file()

    def read(self, name: str) -> bytes:
        """Raises PictureError."""
        try:
            if not is_name(name):
                raise FileNotFoundError
            return (self.folder / name).read_bytes()
        except OSError:
            raise PictureError(f"{self.folder / name} is gone; build the issue again") from None

    def entry(self, key: str) -> Entry | None:
        """What the register knows of `key`, None where a picture would have to be made (again)."""
        try:
            values = json.loads(self._page(key).read_bytes())
            found = Entry(**{**values, "validators": tuple(map(tuple, values["validators"]))})
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return found if found.reason or self.has(found.name) else None

    def register(self, key: str, entry: Entry) -> None:
        """Raises PictureError when the disk does not take it."""
        _write(self._page(key), json.dumps(asdict(entry)).encode())

    def _page(self, key: str) -> Path:
        return self.folder / ".made" / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.json"


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, whoever else writes the same and whenever the power goes."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
            temporary = file.name
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)  # a web server of somebody else's may be the one that reads it
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
        told = (error.strerror or str(error)).lower()
        raise PictureError(
            f"the media folder {path.parent} cannot be written ({told}); see `media` in config.yaml"
        ) from None

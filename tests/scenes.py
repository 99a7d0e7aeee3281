"""Pictures for sample mails: a sky, a sun and hills, drawn anew each time, the same for the same address."""

from __future__ import annotations

import io
import math
import zlib
from functools import lru_cache

from PIL import Image, ImageDraw

WIDE, THUMB = (552, 310), (112, 112)  # of the slots: twice as much would only cost time
_SKIES = (("#12344d", "#f2a65a"), ("#0b3c49", "#e3d8b4"), ("#3d2645", "#f0a7a0"), ("#1f4037", "#cfe3b4"))
_SUNS = ("#fff3d6", "#ffd9a0", "#ffe9e0", "#fdf6c9")


def scene(address: str) -> bytes | None:
    """The picture at an address of tests.digests; None for an address of anything else."""
    if not address.endswith((".png", ".jpg")):
        return None
    return _drawn(zlib.crc32(address.encode()) % len(_SKIES), THUMB if "thumb" in address else WIDE)


@lru_cache
def _drawn(kind: int, size: tuple[int, int]) -> bytes:
    width, height = size
    top, low = _SKIES[kind]
    shade = Image.linear_gradient("L").resize(size)
    picture = Image.composite(Image.new("RGB", size, low), Image.new("RGB", size, top), shade)
    pen = ImageDraw.Draw(picture)
    x, y, r = width * (2 + kind) // 7, height * 2 // 5, height // 7
    pen.ellipse((x - r, y - r, x + r, y + r), fill=_SUNS[kind])
    for layer, colour in ((0.66, top), (0.8, "#0d1b24")):
        crest = [
            (px, height * (layer + 0.07 * math.sin(px / width * (5 + kind) + kind + layer * 9)))
            for px in range(0, width + 8, 8)
        ]
        pen.polygon([(0, height), *crest, (width, height)], fill=colour)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()

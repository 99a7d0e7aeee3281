"""Pixels become a file that mail clients show: JPEG or PNG, at most 200 KB, nothing in it but the picture."""

from __future__ import annotations

import io

from PIL import Image

from newsletter.errors import PictureError
from newsletter.pictures.values import Shaped

MOST_BYTES = 200_000
_QUALITIES = (85, 80, 74, 66, 56, 46, 38)
_DRAWN = 4096  # a picture of at most so many colours was drawn, and JPEG would smear its edges


def photo(image: Image.Image) -> Shaped:
    """An RGB image at the best quality that fits; where none does, with fewer pixels. Raises PictureError."""
    bare = _bare(image)
    if bare.getcolors(_DRAWN) and len(exact := _png(bare)) <= MOST_BYTES:
        return Shaped(exact, "png")
    while min(bare.size) > 40:
        for quality in _QUALITIES:
            data = _jpeg(bare, quality)
            if len(data) <= MOST_BYTES:
                return Shaped(data, "jpg")
        bare = bare.resize((bare.width * 3 // 4, bare.height * 3 // 4), Image.Resampling.LANCZOS)
    raise PictureError("it cannot be brought below 200 KB")


def drawing(image: Image.Image) -> Shaped:
    """An RGBA image with what shines through it; with fewer colours where it would be too large."""
    bare = _bare(image)
    data = _png(bare)
    if len(data) > MOST_BYTES:
        data = _png(bare.quantize(256, method=Image.Quantize.FASTOCTREE))
    if len(data) > MOST_BYTES:
        raise PictureError("it cannot be brought below 200 KB")
    return Shaped(data, "png")


def _bare(image: Image.Image) -> Image.Image:
    """The pixels alone: Pillow would write colour profile, comment and resolution of the original again."""
    bare = image.copy()
    bare.info = {}
    return bare


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
    return file.getvalue()


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()

"""What a slot makes of a picture: bytes in, bytes out.

- A picture large enough is cropped to the slot's proportions around what is to be seen in it, and scaled to twice the
  slot's size. One between once and twice that size keeps the pixels it has.
- A smaller one is not blown up: it stands whole, in its own size, before a blurred copy of itself.
- One much smaller than the slot is an icon and no picture: it is refused.
- A drawing that something shines through (a logo) is not cropped either: it stands whole on white, or on ink where it
  is light itself.
"""

from __future__ import annotations

from PIL import Image, ImageEnhance, ImageFilter, ImageStat

from newsletter.domain.picture import PictureSlot
from newsletter.errors import PictureError
from newsletter.pictures import crop, encoding
from newsletter.pictures.opening import pixels
from newsletter.pictures.values import Shaped

VERSION = 2  # raised whenever the same picture would be shaped otherwise than before
DENSITY = 2  # pixels of a file for each of its slot, each way
LOGO = (240, 80)  # CSS pixels
_WHITE, _INK = (255, 255, 255), (28, 30, 33)
_LIGHT = 200.0  # of 255: a drawing as light as that is not seen on white
_MARGIN = 0.08  # of the slot, on each side of a drawing
_ICON = 4  # so many times smaller than its slot, each way, is too small


def shape(raw: bytes, slot: PictureSlot) -> Shaped:
    """The file for a slot, of its proportions and at most 200 KB. Raises PictureError."""
    full = slot.width * DENSITY, slot.height * DENSITY
    image = pixels(raw, full)
    if image.mode == "RGBA":
        return encoding.photo(_on_ground(image, slot, full))
    box = crop.subject(image, full)
    width, height = box[2] - box[0], box[3] - box[1]
    if width < slot.width or height < slot.height:
        return encoding.photo(_framed(image, slot, full))
    size = full if width >= full[0] and height >= full[1] else _own_size(slot, width)
    return encoding.photo(image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0))


def shape_logo(raw: bytes) -> Shaped:
    """A PNG of at most twice 240 × 80, see-through where it was. Raises PictureError."""
    most = LOGO[0] * DENSITY, LOGO[1] * DENSITY
    image = pixels(raw, most).convert("RGBA")
    box = image.getchannel("A").getbbox()
    if box is None:
        raise PictureError("nothing is to be seen in it")
    image = image.crop(box)
    return encoding.drawing(_scaled(image, min(1.0, most[0] / image.width, most[1] / image.height)))


def _own_size(slot: PictureSlot, width: int) -> tuple[int, int]:
    width = min(width, slot.width * DENSITY)
    return width, round(width * slot.height / slot.width)


def _on_ground(image: Image.Image, slot: PictureSlot, full: tuple[int, int]) -> Image.Image:
    alpha = image.getchannel("A")
    box = alpha.getbbox()
    if box is None:
        raise PictureError("nothing is to be seen in it")
    colours = image.convert("RGB")
    ground = _INK if ImageStat.Stat(colours.convert("L"), mask=alpha).mean[0] > _LIGHT else _WHITE
    canvas = Image.new("RGB", full, ground)
    flat = Image.new("RGB", image.size, ground)
    flat.paste(colours, mask=alpha)
    return _placed(canvas, flat.crop(box), slot, 1 - 2 * _MARGIN)


def _framed(image: Image.Image, slot: PictureSlot, full: tuple[int, int]) -> Image.Image:
    """Before a blurred, somewhat darker copy of itself that fills the slot."""
    box = crop.subject(image, full)
    tiny = image.resize((48, max(1, round(48 * full[1] / full[0]))), Image.Resampling.BOX, box=box)
    backdrop = tiny.filter(ImageFilter.GaussianBlur(3)).resize(full, Image.Resampling.BICUBIC)
    return _placed(ImageEnhance.Brightness(backdrop).enhance(0.8), image, slot, 1.0)


def _placed(canvas: Image.Image, image: Image.Image, slot: PictureSlot, room: float) -> Image.Image:
    """In the middle of `canvas`, whole, never larger than one pixel of its own for one of the slot."""
    if image.width * _ICON < slot.width and image.height * _ICON < slot.height:
        told = f"it has only {image.width} × {image.height} pixels, for a place of {slot.width} × {slot.height}"
        raise PictureError(f"{told}; name a larger one")
    scale = min(float(DENSITY), canvas.width * room / image.width, canvas.height * room / image.height)
    scaled = _scaled(image, scale)
    canvas.paste(scaled, ((canvas.width - scaled.width) // 2, (canvas.height - scaled.height) // 2))
    return canvas


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)

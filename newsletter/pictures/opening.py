"""A picture's bytes become pixels: upright, in sRGB, not more than a picture has. Or a PictureError says why not.

Whoever wrote a post chose the bytes, so they are judged by what they are, never by their name.
"""

from __future__ import annotations

import io
import re
import warnings

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from newsletter.domain.picture import MOST_BYTES
from newsletter.errors import PictureError
from newsletter.pictures import svg

MOST_PIXELS = 50_000_000  # what the largest cameras of telephones give
MOST_SCANS = 100  # of a JPEG; programs that write progressive ones make ten

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP")
_DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")  # 16 bits of grey
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # the next one behind a scan's data
_SCAN, _END = 0xDA, 0xD9
_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"<!doc", "a web page"),
    (b"<html", "a web page"),
    (b"{", "JSON"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"8BPS", "a Photoshop file"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"version https://git-lfs", "a Git LFS pointer and not the picture itself; run `git lfs pull`"),
)

# Of EXIF data that are broken, say: what can be read is a picture all the same, and nobody can do anything about it.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
Image.MAX_IMAGE_PIXELS = None  # Pillow would warn on stderr only; MOST_PIXELS refuses, before anything is decoded


def pixels(raw: bytes, least: tuple[int, int]) -> Image.Image:
    """RGB, or RGBA where something shines through; the first frame of what moves.

    `least` is the size that somebody is going to make of it: a drawing is drawn to cover it, and a photograph of many
    times the size is decoded at a fraction. Raises PictureError.
    """
    if not raw:
        raise PictureError("it is empty")
    if len(raw) > MOST_BYTES:
        raise PictureError(f"it has {len(raw) / 1e6:.0f} MB; the most is {MOST_BYTES / 1e6:.0f}")
    source = svg.drawn(raw, least) if svg.is_svg(raw) else raw
    opened = _opened(source)
    try:
        opened.draft(None, (2 * max(least), 2 * max(least)))
        opened.load()
        image = _nearer(opened, least)
        del opened  # its pixels need not stay beside the others
        return _in_srgb(_upright(image))
    except MemoryError:
        raise PictureError("there is not enough memory for it") from None
    except Exception as error:  # a decoder raises whatever comes to its mind
        raise PictureError(f"it is damaged ({_first_line(error)})") from None


def _opened(raw: bytes) -> Image.Image:
    """Only the head is read. Raises PictureError."""
    try:
        image = Image.open(io.BytesIO(raw), formats=_FORMATS)
    except UnidentifiedImageError:
        raise PictureError(f"it is {_what(raw)}; a picture is JPEG, PNG, WebP, AVIF, GIF or SVG") from None
    except Exception as error:
        raise PictureError(f"it is damaged ({_first_line(error)})") from None
    width, height = image.size
    if width * height > MOST_PIXELS:
        most = f"{MOST_PIXELS / 1e6:.0f} megapixels"
        raise PictureError(f"it has {width} × {height} pixels; the most is {most}. Save it smaller")
    if image.format in ("JPEG", "MPO") and _has_too_many_scans(raw):
        raise PictureError(f"it is a JPEG of more than {MOST_SCANS} scans, made to take hours. Save it anew")
    return image


def _has_too_many_scans(raw: bytes) -> bool:
    """A scan of a few bytes has the decoder go over all pixels once more, so a small file may keep it for hours."""
    at, scans = 2, 0
    while scans <= MOST_SCANS and (found := _MARKER.search(raw, at)) and raw[found.end() - 1] != _END:
        scans += raw[found.end() - 1] == _SCAN
        at = found.end() + int.from_bytes(raw[found.end() : found.end() + 2])
    return scans > MOST_SCANS


def _nearer(image: Image.Image, least: tuple[int, int]) -> Image.Image:
    """Some pixels taken for one where there are many more than twice as many, each way, as are going to be shown.

    All that comes after makes copies of it, and fifty megapixels take two hundred megabytes each time.
    """
    factor = min(image.width, image.height) // (2 * max(least))
    if factor < 2:
        return image
    info = {key: value for key, value in image.info.items() if key != "transparency"}
    reduced = _plain(image).reduce(factor)
    reduced.info = info  # with the EXIF data and the profile
    return reduced


def _upright(image: Image.Image) -> Image.Image:
    """As its EXIF data wants it turned; unreadable EXIF data want nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    image = _plain(image)
    if image.mode == "RGBA":
        alpha = image.getchannel("A")
        if alpha.getextrema() == (255, 255):
            return _converted(image.convert("RGB"), profile)
        inside = _converted(image.convert("RGB"), profile)
        inside.putalpha(alpha)
        return inside
    return _converted(image, profile)


def _plain(image: Image.Image) -> Image.Image:
    """One of L, RGB, RGBA, CMYK."""
    if image.mode in _DEEP:
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode != "RGBA" and image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB", "RGBA", "CMYK") else image.convert("RGB")


def _converted(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The same colours in sRGB. A profile that is none, or of another kind of picture, says nothing."""
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return converted or image.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image.convert("RGB")


def _what(raw: bytes) -> str:
    head = raw[:64].lstrip().lower()
    if raw[4:8] == b"ftyp":
        return "a damaged AVIF picture" if raw[8:12] in (b"avif", b"avis") else "a HEIC picture or a film"
    return next((words for magic, words in _OTHERS if head.startswith(magic.lower())), "no picture that we know")


def _first_line(error: Exception) -> str:
    return (str(error).partition("\n")[0] or type(error).__name__)[:100]

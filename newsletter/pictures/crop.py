"""Which part of a picture is kept when a slot has other proportions: the one in which most is to be seen."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

Box = tuple[int, int, int, int]  # left, upper, right, lower

_MAP = 96  # pixels of the longer side of the map that is searched
_CENTRE = 0.25  # what a window at the far end loses against one in the middle
_RIM = 0.6  # what is seen at a window's rim counts so much less than in its midst
_EYES = 0.42  # of the height: people and headlines stand above the middle


def largest(size: tuple[int, int], slot: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the largest window in the slot's proportions."""
    width, height = size
    if width * slot[1] > height * slot[0]:
        return max(1, min(width, round(height * slot[0] / slot[1]))), height
    return width, max(1, min(height, round(width * slot[1] / slot[0])))


def subject(image: Image.Image, slot: tuple[int, int]) -> Box:
    """The window of an RGB image. It is as wide or as high as the image, so it only slides in one direction."""
    width, height = largest(image.size, slot)
    sideways = width < image.width
    if not sideways and height == image.height:
        return 0, 0, width, height
    seen = _map(image)
    if sideways:
        profile = seen.resize((seen.width, 1), Image.Resampling.BOX).tobytes()
        left = _offset(profile, width, image.width, middle=0.5)
        return left, 0, left + width, height
    profile = seen.resize((1, seen.height), Image.Resampling.BOX).tobytes()
    upper = _offset(profile, height, image.height, middle=_EYES)
    return 0, upper, width, upper + height


def best(profile: Sequence[int], length: int, middle: float = 0.5) -> int:
    """Where a window of `length` over `profile` holds most, and holds it in its midst.

    Much in one place counts more than the same spread over many, as grain is. Of equal windows the one nearest to
    `middle` (0 to 1) of the whole.
    """
    last, floor = len(profile) - length, min(profile)
    weights = [1 - _RIM * abs(2 * (at + 0.5) / length - 1) for at in range(length)]
    found, most = 0, -1.0
    for start in range(last + 1):
        held = sum(weight * (value - floor) ** 2 for weight, value in zip(weights, profile[start:], strict=False))
        away = abs(start / last - middle) if last else 0.0
        value = (held + 1) * (1 - _CENTRE * away)
        if value > most:
            found, most = start, value
    return found


def _offset(profile: Sequence[int], length: int, whole: int, middle: float) -> int:
    """From the map's pixels to the picture's."""
    window = max(1, min(len(profile), round(len(profile) * length / whole)))
    slack = len(profile) - window
    return round((whole - length) * best(profile, window, middle) / slack) if slack else (whole - length) // 2


def _map(image: Image.Image) -> Image.Image:
    """How much there is to be seen, in grey: edges, and colours that are not those of the picture as a whole."""
    scale = min(1.0, _MAP / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    edges = small.convert("L").filter(ImageFilter.FIND_EDGES)
    ImageDraw.Draw(edges).rectangle((0, 0, size[0] - 1, size[1] - 1), outline=0)  # the filter leaves the rim as it was
    coloured = small.filter(ImageFilter.GaussianBlur(1)).convert("YCbCr")
    mean = tuple(round(value) for value in ImageStat.Stat(coloured).mean)
    apart = ImageChops.difference(coloured, Image.new("YCbCr", size, mean)).split()
    odd = ImageChops.add(apart[0], ImageChops.add(apart[1], apart[2]))
    return ImageChops.add(_evened(edges), _evened(odd))


def _evened(part: Image.Image) -> Image.Image:
    """Brought to a common mean, so that neither part drowns the other."""
    mean = ImageStat.Stat(part).mean[0]
    factor = 32 / mean if mean else 0.0
    return part.point(lambda value: min(255, round(value * factor)))

"""Pictures of every kind, made by Pillow for the tests."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageCms, ImageDraw

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 160, 60), (30, 60, 200), (255, 255, 255)


def quarters(width: int = 1600, height: int = 1000, mode: str = "RGB") -> Image.Image:
    """Red, green over blue, white: which way is up can be seen."""
    image = Image.new("RGB", (width, height), WHITE)
    draw = ImageDraw.Draw(image)
    for colour, (x, y) in ((RED, (0, 0)), (GREEN, (1, 0)), (BLUE, (0, 1))):
        left, upper = x * width // 2, y * height // 2
        draw.rectangle((left, upper, left + width // 2 - 1, upper + height // 2 - 1), fill=colour)
    return image.convert(mode)


def noise(width: int, height: int, seed: int = 1) -> Image.Image:
    """What no compression makes small."""
    return Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(width * height * 3))


def photo_like(width: int, height: int) -> Image.Image:
    """Smooth colours with some grain: many colours, as a photograph has."""
    grain = noise(width // 4 + 1, height // 4 + 1).resize((width, height))
    return Image.blend(Image.linear_gradient("L").resize((width, height)).convert("RGB"), grain, 0.15)


def scene(width: int, height: int, at: tuple[int, int], radius: int, seed: int = 1) -> Image.Image:
    """A striped red ball on quiet grass."""
    grain = Image.frombytes("L", (width, height), random.Random(seed).randbytes(width * height))
    grass = grain.point(lambda value: 107 + value // 6).convert("RGB")  # Pillow's effect_noise is another each time
    image = Image.blend(grass, Image.new("RGB", (width, height), (90, 140, 80)), 0.75)
    draw = ImageDraw.Draw(image)
    x, y = at
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=RED)
    for stripe in range(-radius // 2, radius // 2, max(2, radius // 4)):
        draw.line((x - radius // 2, y + stripe, x + radius // 2, y + stripe), fill=WHITE, width=max(1, radius // 12))
    return image


def file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def read(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def logo(colour: tuple[int, int, int], size: tuple[int, int] = (800, 500)) -> Image.Image:
    """A disc on nothing."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    middle, radius = (size[0] // 2, size[1] // 2), min(size) // 3
    box = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
    ImageDraw.Draw(image).ellipse(box, fill=(*colour, 255))
    return image


def svg(inner: str, attributes: str = 'viewBox="0 0 160 90"') -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inner}</svg>'.encode()

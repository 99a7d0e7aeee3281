"""A slot's file is what mail needs, whatever the picture was; every kind of picture is made here."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageFilter

from newsletter.domain.picture import THUMB, WIDE, PictureSlot
from newsletter.errors import PictureError
from newsletter.pictures.shaping import shape, shape_logo
from tests.pictures import made
from tests.pictures.made import BLUE, GREEN, RED, WHITE, file, quarters, read

FULL = (1104, 620)


def near(colour: object, wanted: tuple[int, int, int], by: int = 12) -> bool:
    assert isinstance(colour, tuple)
    return all(abs(one - other) <= by for one, other in zip(colour, wanted, strict=True))


def corners(image: Image.Image) -> list[object]:
    x, y = image.width // 8, image.height // 8
    return [image.convert("RGB").getpixel(at) for at in ((x, y), (image.width - x, y), (x, image.height - y))]


def is_upright(data: bytes) -> bool:
    return all(near(found, wanted) for found, wanted in zip(corners(read(data)), (RED, GREEN, BLUE), strict=True))


KINDS = {
    "jpeg": file(quarters(), "JPEG", quality=95),
    "png": file(quarters()),
    "webp": file(quarters(), "WEBP", lossless=True),
    "avif": file(quarters(), "AVIF", quality=95),
    "gif": file(quarters(), "GIF"),
    "bmp": file(quarters(), "BMP"),
    "palette": file(quarters().quantize(16)),
    "palette with a see-through colour that is not used": file(quarters().quantize(16), transparency=15),
    "cmyk": file(quarters(mode="CMYK"), "JPEG", quality=95),
    "opaque alpha": file(quarters(mode="RGBA")),
    "progressive": file(quarters(), "JPEG", quality=95, progressive=True),
}


@pytest.mark.parametrize("raw", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("slot", [WIDE, THUMB], ids=["wide", "thumb"])
def test_every_kind_becomes_a_bare_file_of_twice_the_slot(raw: bytes, slot: PictureSlot) -> None:
    shaped = shape(raw, slot)
    image = read(shaped.data)
    assert image.format == {"jpg": "JPEG", "png": "PNG"}[shaped.kind]
    assert image.mode == "RGB"
    assert image.size == (slot.width * 2, slot.height * 2)
    assert len(shaped.data) <= 200_000
    if slot is WIDE:
        assert is_upright(shaped.data)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_telephone_held_in_any_way_gives_an_upright_picture(turn: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Transpose values that store the picture as that telephone does
    stored = quarters() if turn == 1 else quarters().transpose(Image.Transpose(undo[turn]))
    exif = Image.Exif()
    exif[0x0112] = turn
    shaped = shape(file(stored, "JPEG", quality=95, exif=exif), WIDE)
    assert is_upright(shaped.data)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "palette"])
def test_a_picture_many_times_too_large_is_turned_and_coloured_as_one_that_fits(kind: str) -> None:
    """It is brought nearer to its size before it is turned."""
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = quarters(3000, 3000).transpose(Image.Transpose.ROTATE_90)
    given = {"exif": exif, "icc_profile": _swapped_primaries()}
    raw = file(stored.quantize(16), **given) if kind == "palette" else file(stored, kind, **given)
    red, green, blue = corners(read(shape(raw, THUMB).data))
    assert red[1] > red[0]  # the profile says that red is green
    assert green[0] > green[1]
    assert blue[2] > max(blue[:2])


def test_nothing_of_the_originals_metadata_is_left() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x9286] = "Camera", "secret note"
    exif.get_ifd(0x8825)[1] = "N"
    raw = file(quarters(), "JPEG", exif=exif, comment=b"secret note", icc_profile=made.srgb(), dpi=(300, 300))
    for kind in (raw, file(quarters(), icc_profile=made.srgb(), exif=exif)):
        data = shape(kind, WIDE).data
        info = read(data).info
        assert not {"exif", "icc_profile", "comment", "dpi", "xmp"} & set(info)
        assert b"secret" not in data
        assert b"Exif" not in data


def test_the_same_picture_gives_the_same_bytes() -> None:
    raw = file(made.photo_like(1400, 900), "JPEG")
    assert shape(raw, WIDE) == shape(raw, WIDE)


def test_colours_of_another_space_are_brought_to_srgb() -> None:
    swapped = file(quarters(), "JPEG", quality=95, icc_profile=_swapped_primaries())
    red, green, _ = corners(read(shape(swapped, WIDE).data))
    assert red[1] > red[0]  # the profile says that red is green
    assert green[0] > green[1]


def _swapped_primaries() -> bytes:
    """sRGB with the tags of red and green exchanged."""
    return made.srgb().replace(b"rXYZ", b"tmp!").replace(b"gXYZ", b"rXYZ").replace(b"tmp!", b"gXYZ")


def test_a_profile_that_is_none_changes_nothing() -> None:
    for profile in (b"nonsense", made.srgb()[:200], _swapped_primaries()[:300]):
        assert is_upright(shape(file(quarters(), icc_profile=profile), WIDE).data)


def test_sixteen_bits_are_not_cut_off_to_white() -> None:
    grey = Image.new("I;16", (1200, 800), 0x4000)
    assert near(read(shape(file(grey), WIDE).data).getpixel((9, 9)), (64, 64, 64), 2)


def test_the_first_frame_of_what_moves() -> None:
    frames = [Image.new("RGB", (1200, 700), colour) for colour in (BLUE, RED, GREEN)]
    for kind in ("GIF", "WEBP", "PNG"):
        raw = file(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
        assert near(read(shape(raw, WIDE).data).getpixel((99, 99)), BLUE)


@pytest.mark.parametrize(("colour", "ground"), [(BLUE, WHITE), ((250, 250, 240), (28, 30, 33))], ids=["dark", "light"])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "GIF"])
def test_what_shines_through_stands_whole_on_a_ground_it_is_seen_on(
    colour: tuple[int, int, int], ground: tuple[int, int, int], kind: str
) -> None:
    image = read(shape(file(made.logo(colour), kind), WIDE).data)
    assert near(image.getpixel((5, 5)), ground)
    assert near(image.getpixel((552, 310)), colour)
    inside = Image.eval(
        image.convert("L"), lambda value: 255 if abs(value - image.convert("L").getpixel((5, 5))) > 40 else 0
    )
    left, upper, right, lower = inside.getbbox()
    assert upper >= 620 * 0.06
    assert lower <= 620 * 0.94  # nothing of the disc is cut off
    assert abs((right - left) - (lower - upper)) <= 4


def test_noise_is_brought_below_200_kb() -> None:
    shaped = shape(file(made.noise(1200, 700)), WIDE)
    assert len(shaped.data) <= 200_000
    assert shaped.kind == "jpg"


def test_drawn_lines_stay_sharp_and_photographs_small() -> None:
    assert shape(file(quarters()), WIDE).kind == "png"
    assert shape(file(made.photo_like(1300, 800)), WIDE).kind == "jpg"


@pytest.mark.parametrize(("size", "wanted"), [((2000, 1500), FULL), ((800, 600), (800, 449)), ((560, 320), (560, 314))])
def test_no_pixel_is_invented(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert read(shape(file(made.photo_like(*size), "JPEG"), WIDE).data).size == wanted


def test_a_small_picture_stands_whole_before_a_blurred_copy() -> None:
    image = read(shape(file(quarters(240, 200)), WIDE).data)
    assert image.size == FULL
    middle = image.crop((552 - 240, 310 - 200, 552 + 240, 310 + 200))  # two pixels for each of its own, no more
    assert all(near(found, wanted) for found, wanted in zip(corners(middle), (RED, GREEN, BLUE), strict=True))
    edges = image.crop((0, 0, 300, 620)).convert("L").filter(ImageFilter.FIND_EDGES).crop((1, 1, 299, 619))
    assert edges.getextrema()[1] < 60  # beside it nothing is sharp


def test_an_icon_is_no_picture() -> None:
    with pytest.raises(PictureError, match=r"only 64 × 64 pixels.*larger"):
        shape(file(quarters(64, 64)), WIDE)
    assert shape(file(quarters(64, 64)), THUMB).data


def test_a_drawing_is_drawn_at_the_size_it_is_wanted() -> None:
    drawn = shape(
        made.svg('<rect width="160" height="90" fill="#1e3cc8"/><circle cx="80" cy="45" r="30" fill="#dc1e1e"/>'), WIDE
    )
    image = read(drawn.data)
    assert image.size == FULL
    assert near(image.getpixel((552, 310)), RED)
    assert near(image.getpixel((20, 20)), BLUE)
    assert len(drawn.data) < 60_000
    assert drawn.kind == "png"


def test_a_logo_keeps_what_shines_through_and_loses_what_is_too_much() -> None:
    shaped = shape_logo(file(made.logo(BLUE, (3000, 1500))))
    image = read(shaped.data)
    assert shaped.kind == "png"
    assert image.mode == "RGBA"
    assert image.height == 160
    assert image.getpixel((0, 0))[3] == 0
    assert image.width <= 480
    small = read(shape_logo(file(made.logo(RED, (60, 60)))).data)
    assert small.size <= (60, 60)
    colourful = Image.merge("RGBA", (*made.noise(2000, 900).split(), Image.linear_gradient("L").resize((2000, 900))))
    assert len(shape_logo(file(colourful)).data) <= 200_000
    with pytest.raises(PictureError, match="nothing is to be seen"):
        shape_logo(file(Image.new("RGBA", (90, 90), (0, 0, 0, 0))))


def test_pillow_reads_back_what_was_written() -> None:
    for raw in KINDS.values():
        Image.open(io.BytesIO(shape(raw, THUMB).data)).verify()

"""Files that mean harm, or nothing: each is refused with a reason, in little time and memory."""

from __future__ import annotations

import base64
import contextlib
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from newsletter.domain.picture import THUMB, WIDE
from newsletter.errors import PictureError
from newsletter.pictures import svg
from newsletter.pictures.shaping import shape
from tests.pictures import made
from tests.pictures.made import file, quarters

SECRET = made.file(made.quarters(200, 100))


def png_of(width: int, height: int, packed: bytes) -> bytes:
    """A PNG that announces a size, whatever is in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


JPEG = file(made.photo_like(1200, 800), "JPEG")
GIF = file(quarters(30, 30), "GIF")
HOSTILE = {
    "nothing": (b"", "empty"),
    "a web page": (b"<!DOCTYPE html><title>404</title>", "a web page"),
    "JSON": (b'{"v": "5.5"}', "JSON"),
    "a PDF": (b"%PDF-1.7 ...", "PDF"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
    "HEIC": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
    "TIFF": (file(quarters(90, 90), "TIFF"), "TIFF"),
    "words": (b"hello", "no picture that we know"),
    "100 megapixels": (png_of(10_000, 10_000, zlib.compress(b"\0" * 1000)), "10000 × 10000 pixels.*Save it smaller"),
    "a bomb": (png_of(200_000, 200_000, zlib.compress(bytes(50_000_000))), "200000 × 200000"),
    "a GIF that says it is huge": (GIF[:6] + b"\xff" * 4 + GIF[10:], "65535 × 65535"),
    "a truncated JPEG": (JPEG[: len(JPEG) // 2], "damaged"),
    "a truncated PNG": (file(made.noise(900, 600))[:9_000], "damaged"),
    "a truncated WebP": (file(made.noise(900, 600), "WEBP")[:9_000], "damaged|no picture"),
    "a truncated AVIF": (file(made.noise(300, 200), "AVIF")[:9_000], "damaged|no picture"),
    "a head alone": (JPEG[:200], "damaged|no picture"),
    "PNG of rubbish": (png_of(900, 900, b"rubbish"), "damaged"),
    "21 MB": (b"\xff\xd8\xff" + bytes(21_000_000), "21 MB"),
}


@pytest.mark.parametrize(("raw", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_it_is_refused_with_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason) as caught:
        shape(raw, WIDE)
    assert not str(caught.value).endswith(".")


def test_a_picture_of_any_length_breaks_in_words_only() -> None:
    for raw in (JPEG, file(quarters(300, 200)), file(quarters(300, 200), "GIF"), file(quarters(300, 200), "WEBP")):
        for end in range(0, len(raw), max(1, len(raw) // 25)):
            with contextlib.suppress(PictureError):
                shape(raw[:end], THUMB)


def test_flipped_bits_break_in_words_only() -> None:
    for raw in (JPEG, file(quarters(300, 200)), file(quarters(300, 200), "WEBP")):
        for at in range(0, len(raw), max(1, len(raw) // 40)):
            spoilt = bytearray(raw)
            spoilt[at] ^= 0xFF
            with contextlib.suppress(PictureError):
                shape(bytes(spoilt), THUMB)


def test_a_small_jpeg_that_has_the_decoder_go_over_it_without_end_is_refused() -> None:
    """Its last scan, 50 bytes, is there 5000 times: it took minutes."""
    usual = file(made.photo_like(4000, 3000).convert("L"), "JPEG", progressive=True)
    last = usual[usual.rindex(b"\xff\xda") : -2]
    with pytest.raises(PictureError, match="scans"):
        shape(usual[:-2] + last[:60] * 5000 + b"\xff\xd9", WIDE)


def test_what_follows_a_jpeg_is_no_part_of_it() -> None:
    """Telephones put a film, or a second picture, behind the first."""
    behind = b"\xff\xda\x00\x02" * 1000
    assert shape(file(made.photo_like(1200, 800), "JPEG", progressive=True) + behind, WIDE).kind == "jpg"


def test_unreadable_exif_data_are_no_reason() -> None:
    assert shape(file(quarters(), "JPEG", exif=b"Exif\0\0nonsense"), WIDE).data


@pytest.mark.parametrize(
    "exif",
    [b"\x05\0\x12\x01\x03\0", b"\x01\0\x0f\x01\x02\0\xff\0\0\0\xff\xff\0\0"],
    ids=["cut off", "leading outside"],
)
def test_broken_exif_data_are_nothing_to_tell_an_operator(exif: bytes) -> None:
    """In a process of its own: here every warning is an error."""
    told = (
        "import sys; from newsletter.domain.picture import WIDE; from newsletter.pictures.shaping import shape; "
        "print(len(shape(sys.stdin.buffer.read(), WIDE).data))"
    )
    picture = file(quarters(), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + exif)
    done = subprocess.run([sys.executable, "-c", told], input=picture, capture_output=True, check=True)
    assert int(done.stdout) > 0
    assert done.stderr == b""


SHARED = '<rect width="160" height="90" fill="#888"/>'
BAD_DRAWINGS = {
    "no XML": (b"<svg <<<", "no sound SVG"),
    "laughs": (
        b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY %c "%s">' % (97 + n, b"&%c;" % (96 + n) * 10) for n in range(1, 10))
        + b']><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>&j;</text></svg>',
        "no sound SVG",
    ),
    "no extent": (made.svg("", 'width="0" height="9"'), "no extent"),
    "nothing in it": (made.svg(""), "nothing is to be seen"),
    "too deep": (made.svg("<g>" * 40_000 + "</g>" * 40_000), "no sound SVG|cannot be drawn"),
    "uses without end": (
        made.svg(
            '<defs><g id="a0"><rect width="1" height="1"/></g>'
            + "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 10))
            + '</defs><use href="#a9"/>'
        ),
        "cannot be drawn",
    ),
    "too long": (made.svg("<!--" + "x" * 3_000_000 + "-->"), "3 MB"),
}


@pytest.mark.parametrize(("raw", "reason"), BAD_DRAWINGS.values(), ids=BAD_DRAWINGS)
def test_a_drawing_that_means_harm_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        shape(raw, WIDE)


def test_a_drawing_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svg, "SECONDS", 1)
    blurs = "<filter id='f'>" + '<feGaussianBlur stdDeviation="500"/>' * 400 + "</filter>"
    began = time.monotonic()
    with pytest.raises(PictureError, match="not done after 1 seconds"):
        shape(made.svg(f'{blurs}<g filter="url(#f)"><rect width="160" height="90"/></g>'), WIDE)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("name", ["href", "xlink:href"])
@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_drawing_reads_no_file_of_this_machine(tmp_path: Path, name: str, scheme: str) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(SECRET)
    head = 'viewBox="0 0 160 90" xmlns:xlink="http://www.w3.org/1999/xlink"'
    drawing = made.svg(f'{SHARED}<image {name}="{scheme}{secret}" width="160" height="90"/>', head)
    colours = made.read(shape(drawing, WIDE).data).getcolors(100)
    assert colours is not None
    assert [colour for _, colour in colours] == [(136, 136, 136)]
    entity = drawing.replace(b"<svg", f'<!DOCTYPE svg [<!ENTITY there "{secret}">]><svg'.encode(), 1)
    hidden = entity.replace(f'{scheme}{secret}" w'.encode(), b'&there;" w')
    assert len(made.read(shape(hidden, WIDE).data).getcolors(100) or []) == 1


def test_a_drawing_may_hold_pictures_and_point_into_itself() -> None:
    data = "data:image/png;base64," + base64.b64encode(SECRET).decode()
    drawing = made.svg(
        f'<defs><rect id="r" width="20" height="20" fill="#dc1e1e"/></defs>{SHARED}'
        f'<image href="{data}" x="80" width="80" height="40"/><use href="#r"/>'
    )
    colours = {colour for _, colour in made.read(shape(drawing, WIDE).data).getcolors(4096) or []}
    assert {made.RED, made.BLUE, made.GREEN} <= colours


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells how much a process took at most")
def test_fifty_megapixels_take_no_gigabyte() -> None:
    """Decoded they take 200 MB; each copy in that size takes as much again."""
    code = """
import sys
from newsletter.domain.picture import WIDE
from newsletter.pictures.shaping import shape
shape(sys.stdin.buffer.read(), WIDE)
print(*(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    raw = file(Image.new("RGBA", (7000, 7000), (200, 30, 30, 128)))
    done = subprocess.run([sys.executable, "-c", code], input=raw, capture_output=True, check=True)
    assert int(done.stdout.split()[1]) < 550_000  # kB

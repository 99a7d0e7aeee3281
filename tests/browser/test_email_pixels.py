"""Every theme looks as it did: 600 and 375 px wide, by day and by night, compared with small pictures.

The pictures are a quarter of the size, and what counts is the mean colour of a block of 32 px: letters drawn by another
machine make no difference, a block, column or colour that is gone does. After a wanted change: make golden.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from newsletter.domain.theme import THEMES, ThemeName
from tests.mail_program import Look, MailProgram
from tests.mails import issue_mail
from tests.text.test_golden import GOLDEN, RENEW

PICTURES = GOLDEN / "pictures"
LOOKS = {f"{width}-{scheme}": Look(width, scheme) for width in (600, 375) for scheme in ("light", "dark")}
SMALLER = 4  # px of the screen are one of the picture
BLOCK = 8  # px of the picture
NEAR = 9  # of 255: what a block's mean colour may differ
FEW = 0.005  # of all blocks may differ more
TALLER = 3 * SMALLER * BLOCK  # px: three lines of text, which other letters may need


def small(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB").reduce(SMALLER)


def save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE).save(path, optimize=True)


def differing(before: Image.Image, now: Image.Image) -> list[tuple[int, int, int]]:
    """x, y (px of the screen) and difference of each block that is not near."""
    size = (before.width, min(before.height, now.height))
    gaps = ImageChops.difference(*(picture.crop((0, 0, *size)).reduce(BLOCK) for picture in (before, now)))
    found = []
    for at, gap in enumerate(zip(*(band.tobytes() for band in gaps.split()), strict=True)):
        if max(gap) > NEAR:
            y, x = divmod(at, gaps.width)
            found.append((x * SMALLER * BLOCK, y * SMALLER * BLOCK, max(gap)))
    return found


def unlike(before: Image.Image, now: Image.Image) -> str:
    """What is different, "" when the two look alike."""
    if abs(before.height - now.height) * SMALLER > TALLER:
        return f"{before.height * SMALLER} px high before, {now.height * SMALLER} now"
    found = differing(before, now)
    blocks = before.width * before.height / BLOCK**2
    return f"{len(found)} of {blocks:.0f} blocks, from x, y = {found[0][:2]}" if len(found) > FEW * blocks else ""


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", THEMES)
def test_a_theme_looks_as_it_did(program: MailProgram, tmp_path: Path, name: ThemeName, look: str) -> None:
    golden = PICTURES / f"{name}-{look}.png"
    now = small(program.picture(issue_mail(name).html, LOOKS[look]))
    if RENEW:
        save(now, golden)
    assert golden.is_file(), f"{golden.name} is new: make golden"
    difference = unlike(Image.open(golden).convert("RGB"), now)
    if difference:
        now.save(tmp_path / golden.name)
    assert difference == "", f"tests/golden/pictures/{golden.name}, now {tmp_path / golden.name}: {difference}"


# What somebody may break: text of the template's HTML -> what becomes of it.
BREAKS = {
    "a colour": ("#b3361b", "#1b8fb3"),
    "a column": ('<td class="rule thumb"', '<td hidden class="rule thumb"'),
    "a block": ('<h2 class="ink lead"', '<h2 hidden class="ink lead"'),
    "the night": ("prefers-color-scheme:dark", "prefers-color-scheme:never"),
    "the gutter": ("padding:0px 24px", "padding:0px 4px"),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_what_is_broken_is_seen(program: MailProgram, broken: str) -> None:
    """So that the test above can fail."""
    html = issue_mail("classic").html
    look = LOOKS["600-dark" if broken == "the night" else "600-light"]
    before, after = BREAKS[broken]
    assert before in html
    whole = small(program.picture(html, look))
    assert unlike(whole, small(program.picture(html.replace(before, after), look)))


def test_other_letters_are_not_seen(program: MailProgram) -> None:
    """The same words in letters of another blackness."""
    html = issue_mail("classic").html
    whole = small(program.picture(html, LOOKS["600-light"]))
    greyer = html.replace("</head>", "<style>td{-webkit-text-stroke:.25px}</style></head>")
    assert greyer != html
    assert unlike(whole, small(program.picture(greyer, LOOKS["600-light"]))) == ""

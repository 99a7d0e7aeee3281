"""Drawings (SVG) become PNG, by resvg, in a process of their own.

An SVG is a program of sorts: it may ask for other files, nest without end or draw for hours. So what it asks for is
taken out of it first, and the process that draws has its time and memory limited; a crash of it is one picture's loss.
"""

from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree

from newsletter.errors import PictureError

MOST_BYTES = 3_000_000
SECONDS = 10
_MOST_SIDE = 4000  # pixels
_MEMORY = 1_000_000_000  # bytes
_NUMBER = r"\s*([0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})"
_LENGTH = re.compile(_NUMBER + r"(?:px|pt|mm|cm|in|em|rem)?\s*$")
_BOX = re.compile(r"\s*[-+0-9.eE]+[\s,]+[-+0-9.eE]+[\s,]+" + _NUMBER + r"[\s,]+" + _NUMBER + r"\s*$")
_DRAW = f"""
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY}, {_MEMORY}))
    resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
except (ImportError, ValueError, OSError):
    pass
import resvg_py
text = sys.stdin.buffer.read().decode("utf-8")
drawn = resvg_py.svg_to_bytes(svg_string=text, width=int(sys.argv[1]), height=int(sys.argv[2]))
sys.stdout.buffer.write(bytes(drawn))
"""


def is_svg(raw: bytes) -> bool:
    head = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<") and b"<svg" in head


def drawn(raw: bytes, least: tuple[int, int]) -> bytes:
    """A PNG that covers `least`. Raises PictureError."""
    if len(raw) > MOST_BYTES:
        raise PictureError(f"the drawing has {len(raw) / 1e6:.0f} MB; the most is {MOST_BYTES / 1e6:.0f}")
    try:
        root = ElementTree.fromstring(raw)  # noqa: S314 - expat expands no entities without end, and fetches none
        size = _size(root, least)
        harmless = ElementTree.tostring(_without_references(root))
    except (ElementTree.ParseError, RecursionError, ValueError, LookupError) as error:
        raise PictureError(f"the drawing is no sound SVG ({str(error)[:100]})") from None
    command = [sys.executable, "-P", "-c", _DRAW, *map(str, size)]
    try:
        done = subprocess.run(command, input=harmless, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise PictureError(f"the drawing was not done after {SECONDS} seconds") from None
    if done.returncode or not done.stdout:
        told = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise PictureError(f"the drawing cannot be drawn ({told[:100] or 'it broke the program that draws'})")
    return done.stdout


def _without_references(root: ElementTree.Element) -> ElementTree.Element:
    """It may point into itself and hold data; files and addresses elsewhere are none of its business."""
    for element in root.iter():
        for name in [name for name in element.attrib if name.rpartition("}")[2] == "href"]:
            if not element.attrib[name].strip().startswith(("#", "data:")):
                del element.attrib[name]
    return root


def _size(root: ElementTree.Element, least: tuple[int, int]) -> tuple[int, int]:
    """Pixels, in the drawing's own proportions."""
    width, height = _proportions(root)
    scale = max(least[0] / width, least[1] / height)
    scale = min(scale, _MOST_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _proportions(root: ElementTree.Element) -> tuple[float, float]:
    sides = [_LENGTH.match(root.get(side, "")) for side in ("width", "height")]
    if sides[0] and sides[1]:
        width, height = float(sides[0][1]), float(sides[1][1])
    elif box := _BOX.match(root.get("viewBox", "")):
        width, height = float(box[1]), float(box[2])
    else:
        width = height = 100.0
    if not width or not height:
        raise ValueError("it has no extent")
    return width, height

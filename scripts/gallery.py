"""Draws docs/gallery: the demo's issue as mail programs show it, wide and narrow, light and dark.

Needs Chromium; run it by `make gallery`. The sample's dates are fixed, so that only a changed design changes a picture.
"""

from __future__ import annotations

import base64
import mimetypes
import shutil
import struct
import sys
import tempfile
import zlib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, Page, Route, sync_playwright

from newsletter.app import App, open_app
from newsletter.config import load
from newsletter.demo.sample import lay_out
from newsletter.domain.issue import Issue
from newsletter.services.collect import collect
from newsletter.services.publish import build
from newsletter.text.message import fill_html

GALLERY = Path(__file__).parent.parent / "docs" / "gallery"
NOW = datetime(2026, 6, 13, 7, tzinfo=UTC)  # a day after the sample's newest post: no date needs moving
NEWSLETTER = "tech-decoded"
PICTURES = (("wide", 600, 1500), ("narrow", 375, 1500))  # name, width, height shown
SCHEMES = ("light", "dark")
ADDRESS = "https://mail.example/"
TO_PALETTE = """async encoded => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${encoded}`)).blob())
  const pen = document.createElement("canvas").getContext("2d")
  pen.canvas.width = image.width
  pen.canvas.height = image.height
  pen.drawImage(image, 0, 0)
  const {data} = pen.getImageData(0, 0, image.width, image.height)
  const keys = new Uint32Array(data.length / 4).map((_, at) => data[4*at] << 16 | data[4*at+1] << 8 | data[4*at+2])
  const counts = new Map()
  for (const key of keys) counts.set(key, (counts.get(key) || 0) + 1)
  const split = key => [key >> 16, key >> 8 & 255, key & 255]
  const distance = (a, b) => (a[0]-b[0])**2 * 2 + (a[1]-b[1])**2 * 4 + (a[2]-b[2])**2
  const palette = []
  for (const apart of [48, 0]) {  // first colours that differ visibly, the frequent ones before the rare; then any
    for (const [key] of [...counts].sort((a, b) => b[1] - a[1])) {
      const colour = split(key)
      if (palette.length < 256 && palette.every(other => distance(other, colour) > apart)) palette.push(colour)
    }
  }
  const nearest = new Map()
  for (const key of counts.keys()) {
    const gaps = palette.map(colour => distance(colour, split(key)))
    nearest.set(key, gaps.indexOf(Math.min(...gaps)))
  }
  return {width: image.width, height: image.height, palette, pixels: Array.from(keys, key => nearest.get(key))}
}"""


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("The gallery needs Chromium. On Debian or Ubuntu: sudo apt-get install chromium")
    GALLERY.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch)
        html = reader_sees(draft(open_app(load(lay_out(folder, NOW), {}), clock=lambda: NOW)))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--hide-scrollbars"])
        for name, width, height in PICTURES:
            for scheme in SCHEMES:
                target = GALLERY / f"{name}-{scheme}.png"
                draw(browser, html, folder / "site", (width, height), scheme, target)
                sys.stdout.write(f"docs/gallery/{target.name}  {target.stat().st_size / 1024:.0f} KB\n")
        browser.close()


def draft(app: App) -> Issue:
    """The first edition's issue of the sample."""
    collect(app.database, NEWSLETTER, app.sources(NEWSLETTER), NOW)
    issue = build(app.database, app.editions(NEWSLETTER)[0], app.renderer, NOW, NOW)
    app.database.close()
    if issue is None:
        raise SystemExit("The sample gave no issue: its posts are too old or gone. See newsletter/demo/site.")
    return issue


def reader_sees(issue: Issue) -> str:
    links = {"unsubscribe_url": "#", "preferences_url": "#"}
    return fill_html(issue.html, {"email": "ada@example.org", "name": "Ada", "since": "3 March 2026", **links})


def draw(browser: Browser, html: str, site: Path, size: tuple[int, int], scheme: str, target: Path) -> None:
    """One picture. The site's pictures come from its folder, nothing from a network."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
    )

    def answer(route: Route) -> None:
        file = site / unquote(urlsplit(route.request.url).path).lstrip("/")
        if route.request.url == ADDRESS:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif file.is_file():
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            route.fulfill(body=file.read_bytes(), content_type=kind)
        else:
            route.abort()

    page.route("**/*", answer)
    page.goto(ADDRESS)
    target.write_bytes(smaller(page, page.screenshot()))
    page.close()


def smaller(page: Page, picture: bytes) -> bytes:
    """The same picture with the 256 colours that matter most: a third of the bytes, and hard to tell apart."""
    page.unroute("**/*")
    page.goto("about:blank")
    reduced = page.evaluate(TO_PALETTE, base64.b64encode(picture).decode("ascii"))
    width, height, pixels = reduced["width"], reduced["height"], bytes(reduced["pixels"])
    rows = b"".join(b"\0" + pixels[row * width : (row + 1) * width] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = bytes(part for colour in reduced["palette"] for part in colour)
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    main()

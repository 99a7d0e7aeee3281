"""A mail program for tests and for the gallery: shows a mail as one of the many programs would, in a real Chromium.

Nothing leaves for a network: the mail's pictures come from a function, everything else is refused and noted.
What each program does to a mail is documented at caniemail.com and in the vendors' help; none of them was run.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from playwright.sync_api import Browser, Page, Playwright, Route

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ADDRESS = "https://mail.example/"

Scheme = Literal["light", "dark"]
Pictures = Callable[[str], bytes | None]  # address -> JPEG, PNG or SVG; None for what is not a picture of the mail

# The fonts that themes name, as the free ones with the metrics of Arial and Times: every machine breaks lines alike.
FONTS = "".join(
    f"@font-face{{font-family:'{name}';font-weight:{weight};font-style:{style};src:local('{local}')}}"
    for names, family in (
        (("Segoe UI", "Roboto", "Helvetica", "Arial"), "Liberation Sans"),
        (("Georgia", "Times New Roman"), "Liberation Serif"),
    )
    for name in names
    for weight, style, local in (
        ("400", "normal", family),
        ("600 900", "normal", f"{family} Bold"),
        ("400", "italic", f"{family} Italic"),
        ("600 900", "italic", f"{family} Bold Italic"),
    )
)
_TURNED = "filter:invert(1) hue-rotate(180deg)"
_OUTLOOK = "for (const name of ['data-ogsc', 'data-ogsb']) document.documentElement.setAttribute(name, '')"
# Light surfaces become dark and dark letters light, each by its lightness; what is dark already stays, pictures too.
_PARTLY = """
const parts = text => (text.match(/[\\d.]+/g) || []).map(Number)
const light = ([r, g, b]) => (Math.max(r, g, b) + Math.min(r, g, b)) / 510
const turned = ([r, g, b]) => {
  const shift = 255 - Math.max(r, g, b) - Math.min(r, g, b)
  return `rgb(${r + shift}, ${g + shift}, ${b + shift})`
}
const changes = []
for (const it of document.querySelectorAll('body, body *')) {
  const style = getComputedStyle(it)
  const back = parts(style.backgroundColor), ink = parts(style.color)
  if (back[3] !== 0 && light(back) > 0.5) changes.push([it, 'background-color', turned(back)])
  if (light(ink) < 0.5) changes.push([it, 'color', turned(ink)])
  for (const side of ['top', 'right', 'bottom', 'left']) {
    const name = `border-${side}-color`, drawn = parseFloat(style.getPropertyValue(`border-${side}-width`))
    if (drawn) changes.push([it, name, turned(parts(style.getPropertyValue(name)))])
  }
}
for (const [it, name, value] of changes) it.style.setProperty(name, value, 'important')
"""
_LARGE = """
const sizes = [...document.querySelectorAll('body, body *')].map(it => {
  const style = getComputedStyle(it)
  return [it, parseFloat(style.fontSize), parseFloat(style.lineHeight)]
})
for (const [it, size, line] of sizes) {
  it.style.setProperty('font-size', `${size * 2}px`, 'important')
  if (line) it.style.setProperty('line-height', `${line * 2}px`, 'important')
}
"""

_OWN_RULES = """rules => {
  const own = document.getElementById('mail-program') || document.head.appendChild(document.createElement('style'))
  own.id = 'mail-program'
  own.textContent = rules
}"""

# Pictures too: else they may be drawn when the moment suits, and one picture is not the next.
_ALL_THERE = """async () => {
  await document.fonts.ready
  await Promise.all([...document.images].map(it => it.decode().catch(() => null)))
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
}"""


def _unchanged(html: str) -> str:
    return html


def _without_styles(html: str) -> str:
    return re.sub(r"<style\b.*?</style>", "", html, flags=re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Program:
    """What a mail program does to a mail: to its HTML before, by rules of its own, by a script afterwards."""

    name: str
    edit: Callable[[str], str] = _unchanged
    style: str = ""
    script: str = ""
    shows_pictures: bool = True


PLAIN = Program("plain")
OUTLOOK_DARK = Program("outlook-dark", script=_OUTLOOK)
INVERTED = Program("inverted", style=f"html{{background:#fff;{_TURNED}}}img{{{_TURNED}}}")  # Gmail on iOS
PARTLY_INVERTED = Program("partly-inverted", script=_PARTLY)  # Gmail on Android
NO_PICTURES = Program("no-pictures", shows_pictures=False)
NO_STYLE = Program("no-style", edit=_without_styles)  # Gmail's apps for accounts of others
LARGE_TEXT = Program("large-text", script=_LARGE)  # text at 200 %
PROGRAMS = (PLAIN, OUTLOOK_DARK, INVERTED, PARTLY_INVERTED, NO_PICTURES, NO_STYLE, LARGE_TEXT)


@dataclass(frozen=True, slots=True)
class Look:
    """One way in which a mail is seen; `width` in CSS pixels."""

    width: int = 600
    scheme: Scheme = "light"
    program: Program = PLAIN


@dataclass
class MailProgram:
    """Shows one mail at a time, in one page. `asked` are the addresses that the mail shown asked for."""

    page: Page
    pictures: Pictures
    asked: list[str] = field(default_factory=list)
    _html: str = ""
    _shows_pictures: bool = True
    _touched: bool = True  # by a script: the page must be loaded anew

    def show(self, html: str, look: Look) -> Page:
        """The page, once all that the mail shows is there."""
        program = look.program
        self.page.set_viewport_size({"width": look.width, "height": 800})
        self.page.emulate_media(color_scheme=look.scheme)
        wanted = (program.edit(html), program.shows_pictures)
        if self._touched or wanted != (self._html, self._shows_pictures):
            self._html, self._shows_pictures = wanted
            self.asked.clear()
            self.page.goto(ADDRESS)
        self.page.evaluate(_OWN_RULES, FONTS + program.style)
        if program.script:
            self.page.evaluate(f"() => {{{program.script}}}")
        self._touched = bool(program.script)
        return self.page

    def picture(self, html: str, look: Look) -> bytes:
        """The whole mail from its first line to its last, as PNG."""
        page = self.show(html, look)
        page.set_viewport_size({"width": look.width, "height": 100})  # a short mail makes a short picture
        page.evaluate(_ALL_THERE)
        return page.screenshot(full_page=True, animations="disabled")

    def answer(self, route: Route) -> None:
        address = route.request.url
        if address == ADDRESS:
            route.fulfill(body=self._html, content_type="text/html; charset=utf-8")
            return
        self.asked.append(address)
        data = self.pictures(address) if self._shows_pictures else None
        if data is None:
            route.abort()
        else:
            route.fulfill(body=data, content_type=_kind(data))


def launch(playwright: Playwright) -> Browser:
    """Subpixel colours and hinting depend on a screen, and what is drawn when on the load: neither is wanted."""
    still = [
        "--no-sandbox",
        "--hide-scrollbars",
        "--disable-lcd-text",
        "--font-render-hinting=none",
        "--force-color-profile=srgb",
        "--disable-checker-imaging",
        "--disable-partial-raster",
        "--disable-new-content-rendering-timeout",
        "--run-all-compositor-stages-before-draw",
    ]
    return playwright.chromium.launch(executable_path=CHROMIUM, args=still)


def mail_program(browser: Browser, pictures: Pictures) -> MailProgram:
    program = MailProgram(browser.new_page(), pictures)
    program.page.route("**/*", program.answer)
    return program


def _kind(data: bytes) -> str:
    known = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"<svg": "image/svg+xml"}
    return next((kind for start, kind in known.items() if data.startswith(start)), "application/octet-stream")

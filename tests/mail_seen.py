"""What a mail program shows of a mail, measured in its page: one look for many questions."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from PIL import Image

from tests.mail_program import Look, MailProgram

TOP = 800  # px of the mail that count for its brightness

_MEASURE = """() => {
  const shown = it => it.checkVisibility({opacityProperty: true, visibilityProperty: true})
    && !it.closest('[style*="max-height:0"]')
  const cut = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const range = document.createRange()
  while (walker.nextNode()) {
    const node = walker.currentNode, words = node.data.trim().slice(0, 60)
    if (!words || !shown(node.parentElement)) continue
    range.selectNodeContents(node)
    for (const box of range.getClientRects())
      if (box.left < -0.5 || box.right > innerWidth + 0.5) cut.push(words)
    for (let it = node.parentElement; it && it !== document.documentElement; it = it.parentElement)
      if (getComputedStyle(it).overflow !== 'visible' && it.scrollWidth > it.clientWidth + 1) cut.push(words)
  }
  const boxes = [...document.querySelectorAll('td, img')].map(it => it.getBoundingClientRect())
  return {
    width: document.documentElement.scrollWidth,
    text: document.body.innerText,
    cut,
    targets: [...document.querySelectorAll('a[href]')].filter(it => getComputedStyle(it).display !== 'inline')
      .map(it => [it.textContent.trim(), it.getBoundingClientRect().height]),
    letters: [...document.querySelectorAll('h1, h2, h3, p, a')].filter(it => it.innerText && shown(it)).map(it => {
      const style = getComputedStyle(it), size = parseFloat(style.fontSize)
      return [it.innerText.trim().slice(0, 40), size, parseFloat(style.lineHeight) / size]
    }),
    lefts: boxes.map(box => Math.round(box.left)),
    rights: boxes.map(box => Math.round(innerWidth - box.right)),
    tongue: [document.documentElement, [...document.body.children].find(it => it.querySelector('a'))]
      .map(it => [it.lang, it.dir]),
    pictures: [...document.images].map(it => ['alt', 'width', 'height'].map(name => it.getAttribute(name))),
  }
}"""


@dataclass(frozen=True, slots=True)
class Seen:
    """`cut`: texts that lie outside the screen, or behind what hides them. `targets`: links that are a line or a button
    of their own, with their height. `letters`: texts with their size and line height (px, and its multiple).
    `lefts`, `rights`: where each cell and picture begins and ends, from the near edge. `tongue`: lang and dir, of the
    document and of the body's child. `pictures`: alt, width, height. `asked`: the addresses that were asked for.
    `brightness`: of the page's and the card's ground, 0 black to 1 white, the brighter of the two.
    """

    width: int
    text: str
    cut: list[str]
    targets: list[tuple[str, float]]
    letters: list[tuple[str, float, float]]
    lefts: list[int]
    rights: list[int]
    tongue: list[list[str]]
    pictures: list[tuple[str | None, str | None, str | None]]
    asked: set[str]
    brightness: float

    @property
    def words(self) -> list[str]:
        return re.findall(r"\w+", self.text)


def see(program: MailProgram, html: str, look: Look) -> Seen:
    page = program.show(html, look)
    measured = page.evaluate(_MEASURE)
    strip = page.screenshot(clip={"x": 0, "y": 0, "width": 32, "height": TOP})
    return Seen(**measured, asked=set(program.asked), brightness=_brightness(strip))


def _brightness(png: bytes) -> float:
    """The middle value of the outermost column, and of one within the card's padding."""
    picture = Image.open(io.BytesIO(png)).convert("L")
    columns = [picture.crop((x, 0, x + 1, TOP)).histogram() for x in (1, 20)]
    return max(_middle(histogram) for histogram in columns) / 255


def _middle(histogram: list[int]) -> int:
    counted = 0
    for level, count in enumerate(histogram):
        counted += count
        if counted > TOP / 2:
            return level
    return 255

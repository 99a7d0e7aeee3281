"""Every mail letter by letter: the sample issue in each theme, each notice, and one whole message.

After a wanted change `make golden` writes them anew; then look at the difference before you commit it.
HTML is kept with every element on a line of its own, so that a difference can be read.
"""

from __future__ import annotations

import difflib
import os
import re
from itertools import islice
from pathlib import Path

import pytest

from newsletter.domain.theme import THEMES
from newsletter.text.message import Content, compile_message, issue_headers
from newsletter.text.render import NOTICES
from tests.digests import DATE, EDITION, LINKS, READER, digest, renderer
from tests.mails import every_mail

GOLDEN = Path(__file__).parent.parent / "golden"
RENEW = os.environ.get("NEWSLETTER_GOLDEN") == "write"
SHOWN = 60  # lines of a difference
NAMES = [f"{mail}{kind}" for mail in (*THEMES, *NOTICES) for kind in (".html", ".txt")]


def in_lines(html: str) -> str:
    return re.sub(r">\s*<", ">\n<", html).strip() + "\n"


def difference(before: str, now: str, name: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), now.splitlines(), f"tests/golden/{name}", "now", n=1, lineterm="")
    return "\n".join(line[:300] for line in islice(lines, SHOWN))


@pytest.mark.parametrize("name", NAMES)
def test_no_mail_changed_unseen(name: str) -> None:
    mail, kind = name.rsplit(".", 1)
    made = every_mail()[mail]
    now = in_lines(made.html) if kind == "html" else made.text
    if RENEW:
        (GOLDEN / name).write_text(now, "utf-8")
    assert (GOLDEN / name).is_file(), f"{name} is new: make golden"
    before = (GOLDEN / name).read_text("utf-8")
    assert before == now, f"{name} changed. Wanted? make golden\n{difference(before, now, name)}"


def test_no_byte_of_a_message_changed_unseen() -> None:
    """Headers, encodings and boundaries, too."""
    rendered = renderer().digest(digest(), LINKS)
    content = Content(rendered.subject, rendered.html, rendered.text)
    now = b"".join(compile_message(content, issue_headers(EDITION, 12, DATE)).fill(READER))
    if RENEW:
        (GOLDEN / "digest.eml").write_bytes(now)
    before = (GOLDEN / "digest.eml").read_bytes()
    seen = difference(before.decode(), now.decode(), "digest.eml")
    assert before == now, f"digest.eml changed. Wanted? make golden\n{seen}"


def test_no_golden_mail_is_left_of_what_is_gone() -> None:
    assert {path.name for path in GOLDEN.iterdir() if path.is_file()} == {*NAMES, "digest.eml"}

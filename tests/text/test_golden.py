"""The sample digest, byte by byte. After a wanted change: NEWSLETTER_GOLDEN=write pytest tests/text/test_golden.py"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from newsletter.text.message import Content, compile_message, fill_html, fill_text, issue_headers, values
from tests.digests import DATE, EDITION, LINKS, READER, digest, renderer

GOLDEN = Path(__file__).parent.parent / "golden"


def made() -> dict[str, bytes]:
    rendered = renderer().digest(digest(), LINKS)
    content = Content(rendered.subject, rendered.html, rendered.text)
    chunks = compile_message(content, issue_headers(EDITION, 12, DATE)).fill(READER)
    return {
        "digest.html": fill_html(rendered.html, values(READER)).encode(),
        "digest.txt": fill_text(rendered.text, values(READER)).encode(),
        "digest.eml": b"".join(chunks),
    }


@pytest.mark.parametrize("name", ["digest.html", "digest.txt", "digest.eml"])
def test_nothing_changed_unseen(name: str) -> None:
    now = made()[name]
    if os.environ.get("NEWSLETTER_GOLDEN") == "write":
        (GOLDEN / name).write_bytes(now)
    assert (GOLDEN / name).read_bytes() == now

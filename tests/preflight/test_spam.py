"""Spam filters: what they print is read, and one that is not here, hangs or talks nonsense is no trouble."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from newsletter.preflight import spam
from newsletter.preflight.known import Verdict

ASSASSIN = b"""X-Spam-Checker-Version: SpamAssassin 4.0.1
X-Spam-Status: Yes, score=7.3 required=5.0 tests=HTML_IMAGE_ONLY_08,MISSING_MID,
\tSUBJ_ALL_CAPS autolearn=no autolearn_force=no version=4.0.1
Subject: x

Body
"""
RSPAMD = b"""Results for file: stdin (0.1 seconds)
[Metric: default]
Action: add header
Spam: false
Score: 6.40 / 15.00
Symbol: MIME_GOOD (-0.10)[multipart/alternative, text/plain]
Symbol: SUBJ_ALL_CAPS (3.00)[5]
Symbol: HFILTER_HOSTNAME_UNKNOWN(2.50)[]
"""


def asked(answer: bytes, program: str) -> list[Verdict]:
    def run(command: Sequence[str], raw: bytes) -> bytes:
        assert (command[0], raw) == (program, b"message")
        return answer

    return spam.verdicts(b"message", run, lambda name: name if name == program else None)


def test_spamassassin() -> None:
    assert asked(ASSASSIN, "spamassassin") == [
        Verdict("SpamAssassin", 7.3, 5.0, ("HTML_IMAGE_ONLY_08", "MISSING_MID", "SUBJ_ALL_CAPS"))
    ]
    fine = ASSASSIN.replace(b"Yes, score=7.3", b"No, score=-0.0").replace(
        b"HTML_IMAGE_ONLY_08,MISSING_MID,\n\tSUBJ_ALL_CAPS", b"none"
    )
    assert asked(fine, "spamassassin") == [Verdict("SpamAssassin", -0.0, 5.0)]


def test_rspamd() -> None:
    assert asked(RSPAMD, "rspamc") == [Verdict("rspamd", 6.4, 15.0, ("SUBJ_ALL_CAPS", "HFILTER_HOSTNAME_UNKNOWN"))]


@pytest.mark.parametrize("answer", [b"", b"IO timeout: cannot connect", b"\xff\x00", b"X-Spam-Status: what\n\n"])
def test_no_answer_is_no_verdict(answer: bytes) -> None:
    assert asked(answer, "spamassassin") == asked(answer, "rspamc") == []


def test_none_is_here() -> None:
    assert spam.verdicts(b"message", which=lambda name: None) == []


def test_one_that_hangs_or_is_none_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spam, "SECONDS", 0.1)
    assert spam._run(("sleep", "30"), b"") == b""
    assert spam._run(("/nowhere/spamassassin",), b"") == b""

"""The body as it travels: its parts, their encodings, its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage

from newsletter.domain.finding import REPORT, Finding, block, warn
from newsletter.preflight.examined import Examined

_MOST_ENCODED, _MOST = 76, 998  # characters of a line: of quoted-printable and base64, of anything
_ENCODINGS = ("quoted-printable", "base64")


def parts(examined: Examined) -> Iterator[Finding]:
    """multipart/alternative, text first: programs show the last part that they can."""
    if not examined.raw:
        return
    told = [part for part in examined.message.walk() if isinstance(part, EmailMessage)]
    kinds = [part.get_content_type() for part in told]
    if "multipart/alternative" not in kinds:
        yield block("MIME", f"The message is {kinds[0]}; there is no multipart/alternative in it.", REPORT)
    texts = [kind for kind in kinds if kind in ("text/plain", "text/html")]
    if texts and texts[:2] != ["text/plain", "text/html"]:
        reason = f"The parts are {', '.join(texts)}; text/plain comes first, text/html second."
        yield block("MIME", reason, REPORT)
    for part in told:
        if part.get_content_maintype() == "text" and (part.get_content_charset() or "") != "utf-8":
            yield block("MIME", f"A {part.get_content_type()} part has no charset utf-8.", REPORT)
    if any(part.defects for part in told):
        defect = next(defect for part in told for defect in part.defects)
        yield block("MIME", f"The message is malformed: {type(defect).__name__}.", REPORT)


def encodings(examined: Examined) -> Iterator[Finding]:
    if not examined.raw:
        return
    for part in examined.message.walk():
        encoding = str(part.get("Content-Transfer-Encoding", "7bit")).strip().lower()
        kind = part.get_content_type()
        if part.is_multipart():
            if encoding not in ("7bit", "8bit", "binary"):
                yield block("MIME", f"The {kind} is encoded as {encoding}, which only its parts may be.", REPORT)
        elif encoding not in _ENCODINGS:
            reason = f"The {kind} part is sent as {encoding}; quoted-printable or base64 gets through."
            yield block("MIME", reason, REPORT)


def body_lines(examined: Examined) -> Iterator[Finding]:
    """Servers cut or break long lines; a bare LF is how one message is smuggled behind another."""
    raw = examined.raw
    if not raw:
        return
    if not raw.isascii():
        yield block("MIME", "The message holds bytes that are not ASCII; not every server passes them on.", REPORT)
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        yield block("MIME", "A line does not end in CRLF; servers refuse such messages.", REPORT)
    if b"\x00" in raw:
        yield block("MIME", "The message holds a zero byte.", REPORT)
    longest = max(map(len, raw.partition(b"\r\n\r\n")[2].split(b"\r\n")))
    if longest > _MOST:
        yield block("MIME", f"A line of the body has {longest} characters; {_MOST} are the most.", REPORT)
    elif longest > _MOST_ENCODED:
        reason = f"A line of the body has {longest} characters; an encoded one has {_MOST_ENCODED} at most."
        yield warn("MIME", reason, REPORT)


def boundary(examined: Examined) -> Iterator[Finding]:
    """It may not occur inside a part: the part would end there."""
    if not examined.raw:
        return
    for part in examined.message.walk():
        if not part.is_multipart():
            continue
        mark = str(part.get_boundary() or "")
        if not re.fullmatch(r"[0-9A-Za-z'()+_,./:=? -]{1,70}", mark) or mark.endswith(" "):
            yield block("MIME", f"The boundary has no valid form: {mark[:80]!r}.", REPORT)
            continue
        children = [child for child in part.get_payload() if isinstance(child, EmailMessage)]
        lines = re.findall(rb"(?m)^--" + re.escape(mark.encode()), examined.raw)
        if len(lines) != len(children) + 1:
            yield block("MIME", "The boundary between the parts occurs inside one of them.", REPORT)

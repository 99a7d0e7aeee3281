"""Header fields of a message: encoded, folded, and unable to carry a second header inside."""

from __future__ import annotations

import base64
import re
from email.utils import parseaddr

import idna

from newsletter.errors import AddressError
from newsletter.text.plain import one_line

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_MAILABLE = re.compile(r"[!-;=?A-~]{1,64}@[A-Za-z0-9.:\[\]_-]{1,255}")
_UNREAD = re.compile(r"(no|do-?not)[-_.]?reply", re.IGNORECASE)
_WEB = re.compile(r"[!-;=?-~]+")
_WORD_BYTES = 45  # as base64 60 characters: an encoded word of 72, which leaves room for a folding space
_LINE = 76
_FOLD = "\r\n "


def text_field(name: str, value: str) -> bytes:
    """An unstructured field (Subject), folded; anything but plain ASCII goes into encoded words (RFC 2047)."""
    clean = one_line(value)
    if clean.isascii() and "=?" not in clean:
        lines = _wrap(clean.split(" "), len(name) + 2)
        if all(len(line) <= _LINE for line in lines):
            return f"{name}: {_FOLD.join(lines)}\r\n".encode("ascii")
    return f"{name}: {_FOLD.join(encoded_words(clean, len(name) + 2))}\r\n".encode("ascii")


def raw_field(name: str, *parts: str) -> bytes:
    """A field whose value must stay as it is (URLs, ids): raw ASCII, folded between `parts` and nowhere else.

    Raises ValueError on anything that could end the line; these values are ours, never a reader's.
    """
    value = _FOLD.join(parts)
    if not value.isascii() or not "".join(parts).isprintable():
        raise ValueError(f"{name}: {value!r} cannot stand in a header")
    return f"{name}: {value}\r\n".encode("ascii")


def mailbox_field(name: str, display: str, address: str) -> bytes:
    """From, To, Reply-To: a display name (may be empty, may be any text) and an address of our own kind."""
    if not _MAILABLE.fullmatch(address):
        raise AddressError(f"{one_line(address)!r} cannot stand in a message: it is no plain email address.")
    clean = one_line(display)
    return _named(name, clean, address) if clean else f"{name}: {address}\r\n".encode("ascii")


def list_id_field(display: str, list_id: str) -> bytes:
    """List-Id (RFC 2919): the list's name, and behind it what stays when the name changes."""
    clean = one_line(display)
    return _named("List-Id", clean, list_id) if clean else f"List-Id: <{list_id}>\r\n".encode("ascii")


def _named(name: str, clean: str, angled: str) -> bytes:
    room = _LINE - len(name) - 2
    phrase = _quoted(clean)
    if len(phrase) > room:
        words = [*encoded_words(clean, len(name) + 2), f"<{angled}>"]
        return f"{name}: {_FOLD.join(words)}\r\n".encode("ascii")
    fold = " " if len(phrase) + len(angled) + 3 <= room else "\r\n "
    return f"{name}: {phrase}{fold}<{angled}>\r\n".encode("ascii")


def mailbox(value: str) -> tuple[str, str]:
    """`Name <local@domain>` as (name, address with its domain as A-label); raises AddressError."""
    name, address = parseaddr(value)
    local, at, domain = address.rpartition("@")
    if at and local.isascii():
        try:
            return name, f"{local}@{ascii_domain(domain)}"
        except idna.IDNAError:
            pass
    raise AddressError(f"{one_line(value)!r} is no mailbox; write one like Tech Decoded <hello@example.org>.")


def is_read(address: str) -> bool:
    """Whether somebody may be expected behind an address: nobody is behind noreply@."""
    return _UNREAD.match(address) is None


def ascii_domain(domain: str) -> str:
    """A domain as A-label: münchen.example -> xn--mnchen-3ya.example."""
    return domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")


def web_url(url: str) -> str:
    """`url` as it may stand between < and > in a header; raises AddressError."""
    if not _WEB.fullmatch(url):
        raise AddressError(f"{one_line(url)!r} cannot stand in a header: a link there is plain ASCII without spaces.")
    return url


def encoded_words(text: str, used: int = 0) -> list[str]:
    """`text` as RFC 2047 words of at most 75 characters, cut between characters; `used` columns are taken on line 1."""
    room = max(min(_WORD_BYTES, (_LINE - used - 12) // 4 * 3), 9)
    pieces, piece = [], b""
    for char in text:
        encoded = char.encode("utf-8")
        if len(piece) + len(encoded) > room:
            pieces.append(piece)
            piece, room = b"", _WORD_BYTES
        piece += encoded
    pieces.append(piece)
    return [f"=?utf-8?b?{base64.b64encode(piece).decode('ascii')}?=" for piece in pieces]


def _quoted(name: str) -> str:
    """A display name as atoms, as a quoted string, or (not ASCII) as one encoded word."""
    if _ATOMS.fullmatch(name) and "=?" not in name:
        return name
    if name.isascii() and "=?" not in name:
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    words = encoded_words(name)
    return words[0] if len(words) == 1 else "=" * _LINE  # too long for one line: the caller folds it


def _wrap(words: list[str], used: int) -> list[str]:
    lines, width = [words[0]], used + len(words[0])
    for word in words[1:]:
        if width + 1 + len(word) <= _LINE:
            lines[-1] += " " + word
            width += 1 + len(word)
        else:
            lines.append(word)
            width = 1 + len(word)
    return lines

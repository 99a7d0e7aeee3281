"""One way to say why a mail server cannot be talked to, without numbers and without Python's words."""

from __future__ import annotations

import errno
import socket

import pytest

from newsletter.transports.mishaps import in_words

TWO = (
    "Multiple exceptions: [Errno 111] Connect call failed ('::1', 25, 0, 0), [Errno 111] Connect call failed ('::', 25)"
)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "nobody knows that name"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "its name cannot be looked up now"),
        (OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 25)"), "connection refused"),
        (OSError(TWO), "connection refused"),
        (OSError("Multiple exceptions: [Errno 111] x, [Errno 113] y"), "connection refused, no route to host"),
        (ConnectionAbortedError("SSL handshake is taking long"), "SSL handshake is taking long"),
        (TimeoutError(), "it gave no reason"),
    ],
)
def test_a_failed_connection_is_told_in_words(error: OSError, words: str) -> None:
    assert in_words(error) == words

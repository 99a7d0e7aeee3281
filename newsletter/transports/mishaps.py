"""Why a mail server cannot be talked to, in words: the same when something is sent and when the doctor looks."""

from __future__ import annotations

import os
import re
import socket
import ssl

_NO_NAME = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
_NUMBER = re.compile(r"\[Errno (\d+)\]")


def in_words(error: Exception) -> str:
    """`connection refused`, not `[Errno 111] Connect call failed`; of TLS what its library calls a reason."""
    if isinstance(error, ssl.SSLCertVerificationError):
        remedy = "for a certificate authority of your own set SSL_CERT_FILE to its certificate"
        return f"its certificate is not to be trusted: {error.verify_message}; {remedy}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with it: {(error.reason or str(error)).replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror):
        return "nobody knows that name" if error.errno in _NO_NAME else "its name cannot be looked up now"
    if not isinstance(error, OSError):
        return str(error)
    numbers = [error.errno] if error.errno else [int(number) for number in _NUMBER.findall(str(error))]
    words = dict.fromkeys(os.strerror(number).lower() for number in numbers)  # several when a name has many addresses
    return ", ".join(words) or str(error) or "it gave no reason"

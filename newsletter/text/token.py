"""Signed tokens for links in mails, and the keyed hash that stands for a person after an erasure.

A token says what it is for (its purpose) and for whom, and nobody without the key can make one. Two forms:
lasting ones (`sign`: unsubscribe, preferences), made once per recipient of an issue and therefore cheap, and
expiring ones (`sign_expiring`: confirm, address change), which carry their time.
Only the characters A–Z a–z 0–9 _ - . occur, so a token needs no quoting in a URL.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from binascii import b2a_base64
from collections.abc import Callable
from datetime import datetime, timedelta

import itsdangerous

from newsletter.errors import ConfigError, TokenError

CONFIRM = "confirm"
UNSUBSCRIBE = "unsubscribe"
PREFERENCES = "preferences"
ADDRESS = "address"

_MAC_BYTES = 16  # 128 bits: 22 characters
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_FORGED = (
    "This link is incomplete or was changed on its way. Please open it again from the mail, in one piece.",
    "forged",
)
_EXPIRED = ("This link is too old to be used. Please ask for a new one.", "expired")


def _unpadded(data: bytes) -> bytes:
    """Base64 as it may stand in a URL (RFC 4648 §5), without padding."""
    return b2a_base64(data, newline=False).translate(_URL_SAFE, b"=")


def _signed(body: bytes, keyed: hashlib.blake2b) -> str:
    return (body + b"." + _mac(keyed, body)).decode()


def _mac(keyed: hashlib.blake2b, body: bytes) -> bytes:
    mac = keyed.copy()
    mac.update(body)
    return _unpadded(mac.digest())


class Signer:
    """Signs and reads tokens with one key; each purpose has a key of its own derived from it.

    `clock` gives the time that expiring tokens carry and are measured by. Tokens name subscribers by numbers that mean
    somebody else in another database: with `scope`, a database's own, they are good there alone. What stands for a
    person is the same everywhere.
    """

    def __init__(self, key: str | bytes, clock: Callable[[], datetime], scope: str = "") -> None:
        secret = key.encode() if isinstance(key, str) else key
        if len(secret) < 16:
            raise ConfigError("The signing key is too short; NEWSLETTER_SECRET needs at least 16 characters.")
        self._secret, self._clock = secret, clock
        self._scope = f"{scope} " if scope else ""
        self._person_key = self._derived("person")
        self._hashes: dict[str, hashlib.blake2b] = {}

    def sign(self, purpose: str, payload: str) -> str:
        """A token that never expires."""
        return _signed(_unpadded(payload.encode()), self._keyed(purpose))

    def sign_expiring(self, purpose: str, payload: str) -> str:
        """A token that carries the present time; `read` refuses it when it is older than its `max_age`."""
        return str(self._timed(purpose).dumps(payload))

    def read(self, purpose: str, token: str, max_age: timedelta | None) -> str:
        """The payload of a token made for `purpose`; `max_age` None reads a lasting one.

        Raises TokenError, whose text a reader of the mail can act on.
        """
        return self._read_lasting(purpose, token) if max_age is None else self._read_timed(purpose, token, max_age)

    def person(self, email: str) -> bytes:
        """32 bytes that stand for a normalised address: equal for equal addresses, telling nothing without the key."""
        return hashlib.blake2b(email.encode(), key=self._person_key, digest_size=32).digest()

    def subscription(self, purpose: str, subscriber: int, newsletter: str) -> str:
        """A lasting token for one subscriber's subscription; subscriber 0 is the reader of a preview."""
        return self.subscriptions(newsletter, purpose)(subscriber)[0]

    def subscriptions(self, newsletter: str, *purposes: str) -> Callable[[int], list[str]]:
        """As `subscription`, for the many subscribers of an issue: a token for each purpose, a microsecond each."""
        keys = [self._keyed(purpose) for purpose in purposes]

        def tokens(subscriber: int) -> list[str]:
            body = _unpadded(f"{subscriber}:{newsletter}".encode())
            return [_signed(body, keyed) for keyed in keys]

        return tokens

    def read_subscription(self, purpose: str, token: str) -> tuple[int, str]:
        """(subscriber, newsletter) of a token made by `subscription`. Raises TokenError."""
        subscriber, _, newsletter = self.read(purpose, token, None).partition(":")
        if not subscriber.isdecimal():
            raise TokenError(*_FORGED)
        return int(subscriber), newsletter

    def _read_lasting(self, purpose: str, token: str) -> str:
        body, _, mac = token.encode("utf-8", "replace").partition(b".")
        if not hmac.compare_digest(_mac(self._keyed(purpose), body), mac):
            raise TokenError(*_FORGED)
        try:
            return urlsafe_b64decode(body + b"=" * (-len(body) % 4)).decode()
        except (Base64Error, UnicodeDecodeError):
            raise TokenError(*_FORGED) from None

    def _read_timed(self, purpose: str, token: str, max_age: timedelta) -> str:
        mac = token.rpartition(".")[2].encode("utf-8", "replace")
        try:
            if _unpadded(urlsafe_b64decode(mac + b"=" * (-len(mac) % 4))) != mac:  # another spelling of the same bytes
                raise TokenError(*_FORGED)
            return str(self._timed(purpose).loads(token, max_age=int(max_age.total_seconds())))
        except Base64Error:
            raise TokenError(*_FORGED) from None
        except itsdangerous.SignatureExpired:
            raise TokenError(*_EXPIRED) from None
        except itsdangerous.BadData:
            raise TokenError(*_FORGED) from None

    def _timed(self, purpose: str) -> itsdangerous.URLSafeTimedSerializer:
        clock = self._clock

        class Timestamps(itsdangerous.TimestampSigner):
            def get_timestamp(self) -> int:
                return int(clock().timestamp())

        return itsdangerous.URLSafeTimedSerializer(
            self._token_key(f"timed {purpose}"), signer=Timestamps, signer_kwargs={"digest_method": hashlib.sha256}
        )

    def _keyed(self, purpose: str) -> hashlib.blake2b:
        """What hashes for `purpose`, begun with its key once (RFC 7693: a third of HMAC's time)."""
        if purpose not in self._hashes:
            self._hashes[purpose] = hashlib.blake2b(key=self._token_key(purpose), digest_size=_MAC_BYTES)
        return self._hashes[purpose]

    def _token_key(self, use: str) -> bytes:
        return self._derived(f"token {self._scope}{use}")

    def _derived(self, use: str) -> bytes:
        return hmac.digest(self._secret, f"newsletter {use}".encode(), "sha256")

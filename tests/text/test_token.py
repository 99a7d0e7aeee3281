from __future__ import annotations

import re
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.app import utc_now
from newsletter.errors import ConfigError, TokenError
from newsletter.text.token import CONFIRM, PREFERENCES, UNSUBSCRIBE, Signer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = "a key of some length"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@given(st.text(max_size=80))
@settings(max_examples=60)
def test_a_token_gives_back_its_payload_in_url_safe_characters(payload: str) -> None:
    signer = Signer(KEY, utc_now)
    for token, age in (
        (signer.sign(UNSUBSCRIBE, payload), None),
        (signer.sign_expiring(UNSUBSCRIBE, payload), timedelta(days=1)),
    ):
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)
        assert signer.read(UNSUBSCRIBE, token, age) == payload


@pytest.mark.parametrize("form", ["lasting", "expiring"])
def test_every_changed_character_is_noticed(form: str) -> None:
    signer = Signer(KEY, Clock())
    make, age = (signer.sign, None) if form == "lasting" else (signer.sign_expiring, timedelta(days=7))
    token = make(CONFIRM, "12:tech-decoded")
    changed = [token[:i] + ("A" if c != "A" else "B") + token[i + 1 :] for i, c in enumerate(token)]
    changed += [token[:-1] + last for last in string.ascii_letters + string.digits + "-_" if last != token[-1]]
    changed += [token + "=", token + "==", token[:-1], token + "A"]
    changed += [token[1:], "", ".", "x", "é" + token, token.replace(".", ""), token * 2]
    for forged in changed:
        with pytest.raises(TokenError, match="open it again from the mail"):
            signer.read(CONFIRM, forged, age)


def test_a_token_serves_one_purpose_one_key_and_one_form() -> None:
    signer = Signer(KEY, utc_now)
    lasting, expiring = signer.sign(UNSUBSCRIBE, "1"), signer.sign_expiring(UNSUBSCRIBE, "1")
    week = timedelta(days=7)
    for reader, purpose, token, age in (
        (signer, PREFERENCES, lasting, None),
        (signer, PREFERENCES, expiring, week),
        (signer, UNSUBSCRIBE, lasting, week),
        (signer, UNSUBSCRIBE, expiring, None),
        (Signer(KEY + "!", utc_now), UNSUBSCRIBE, lasting, None),
        (Signer(KEY + "!", utc_now), UNSUBSCRIBE, expiring, week),
    ):
        with pytest.raises(TokenError):
            reader.read(purpose, token, age)


def test_an_expiring_token_expires_and_a_lasting_one_does_not() -> None:
    clock = Clock()
    signer = Signer(KEY, clock)
    lasting, expiring = signer.sign(UNSUBSCRIBE, "1"), signer.sign_expiring(CONFIRM, "1")
    clock.now = NOW + timedelta(days=7)
    assert signer.read(CONFIRM, expiring, timedelta(days=7)) == "1"
    clock.now = NOW + timedelta(days=7, seconds=1)
    with pytest.raises(TokenError, match="too old"):
        signer.read(CONFIRM, expiring, timedelta(days=7))
    clock.now = NOW + timedelta(days=36500)
    assert signer.read(UNSUBSCRIBE, lasting, None) == "1"


def test_the_mac_has_128_bits() -> None:
    mac = Signer(KEY, utc_now).sign(UNSUBSCRIBE, "1").partition(".")[2]
    assert len(mac) * 6 >= 128


def test_a_subscription_token_names_subscriber_and_newsletter() -> None:
    signer = Signer(KEY, utc_now)
    token = signer.subscription(UNSUBSCRIBE, 42, "a:b")
    assert signer.read_subscription(UNSUBSCRIBE, token) == (42, "a:b")
    with pytest.raises(TokenError):
        signer.read_subscription(UNSUBSCRIBE, signer.sign(UNSUBSCRIBE, "somebody"))


def test_a_person_is_a_keyed_hash() -> None:
    one, other = Signer(KEY, utc_now), Signer(KEY + "!", utc_now)
    assert len(one.person("a@example.org")) == 32
    assert one.person("a@example.org") == one.person("a@example.org")
    assert one.person("a@example.org") != one.person("b@example.org")
    assert one.person("a@example.org") != other.person("a@example.org")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="NEWSLETTER_SECRET"):
        Signer("short", utc_now)


def test_a_token_of_one_database_is_none_of_another_and_a_person_is_the_same_in_both() -> None:
    one, other = (Signer("sixteen characters", lambda: NOW, scope) for scope in ("here", "there"))
    link = one.subscription(UNSUBSCRIBE, 1, "tech")
    assert one.read_subscription(UNSUBSCRIBE, link) == (1, "tech")
    for token, max_age in ((link, None), (one.sign_expiring(UNSUBSCRIBE, "1:tech"), timedelta(days=7))):
        with pytest.raises(TokenError):
            other.read(UNSUBSCRIBE, token, max_age)
    assert one.person("ann@example.org") == other.person("ann@example.org")

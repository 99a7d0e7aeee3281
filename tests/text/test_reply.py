"""Servers' words: no address in what a log gets, and the same refusal is known again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.text.reply import common, masked, unaddressed


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("550 5.1.1 <ada@example.org>: user unknown", "550 5.1.1 <an address at example.org>: user unknown"),
        ("no such user ada.b+news@mail.example.org.", "no such user an address at mail.example.org."),
        ('"ada lovelace"@example.org is full', "an address at example.org is full"),
        ("rfc822;ada@[192.0.2.1]", "rfc822;an address at [192.0.2.1]"),
        ("see https://example.org/?who=ada%40example.org", "see https:an address at example.org"),
        ("jürgen@bücher.example", "an address at bücher.example"),
        ("('ada@example.org', 'bob@example.net')", "(an address at example.org', an address at example.net')"),
        ("4.7.0 try again later", "4.7.0 try again later"),
        ("@ada", "@ada"),
    ],
)
def test_an_address_is_told_by_its_domain(said: str, told: str) -> None:
    assert masked(said) == told


@given(st.from_regex(r"\A[a-z0-9.!#$&'*+/=?^_`{|}~-]{1,60}\Z"), st.text(max_size=40), st.text(max_size=40))
def test_no_address_gets_through(local: str, before: str, after: str) -> None:
    assert f"{local}@" not in masked(f"{before} <{local}@example.org> {after}")


def test_a_long_text_takes_no_long_time() -> None:
    assert masked("a" * 200_000 + "@") != ""
    assert masked('"' * 200_000 + "@") != ""


SAME = [
    [
        ("<ada@example.org>: Recipient address rejected: User unknown in table", "ada@example.org"),
        ("<bob.b@example.net>: Recipient address rejected: User unknown in table", "bob.b@example.net"),
    ],
    [
        ("[CS9] rejected as spam by content filter 9aa", ""),
        ("[CS2675] rejected as spam by content filter a73aa", ""),
    ],
    [
        ("mailbox ada is full", "ada@example.org"),
        ("mailbox bob is full", "bob@example.org"),
    ],
    [
        ("Our system has detected unsolicited mail. https://example.com/?p=Blocked af79cd13be357-7b6 - gsmtp", ""),
        ("Our system has detected unsolicited mail. https://example.com/?p=Blocked d2e1a72fcca58-7259 - gsmtp", ""),
    ],
    [
        ("Service refused, client host [192.0.2.7] blocked; mx3.example.com 2026-11-20T08:00:01Z", ""),
        ("Service refused, client host [2001:db8::7] blocked; mx17.example.com 2026-11-21T09:30:00Z", ""),
    ],
]


@pytest.mark.parametrize("replies", SAME, ids=lambda replies: replies[0][0][:20])
def test_the_same_refusal_is_one(replies: list[tuple[str, str]]) -> None:
    assert len({common(text, address) for text, address in replies}) == 1


def test_what_differs_in_words_stays_apart_and_codes_stay() -> None:
    assert common("5.7.1 Message rejected: SPF") != common("5.7.1 Message rejected: DKIM")
    assert common("5.1.1 no such user") == "5.1.1 no such user"
    assert unaddressed("192.0.2.1:25: no answer for <ada@example.org>") == "192.0.2.1:25: no answer for <…>"
    assert unaddressed("see https://example.net/?ada%40example.org") == "see https:…"
    assert common("quota of 250 MB exceeded by <ada@example.org> 8F3A9B21C0") == "quota of 250 MB exceeded by <…> …"

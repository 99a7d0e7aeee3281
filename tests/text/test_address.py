from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import pytest
from email_validator import validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.errors import AddressError
from newsletter.text import address
from newsletter.text.address import normalise

ISEMAIL = Path(__file__).parents[2].parent / "shared/data/email-addresses-isemail/test"


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("Bob@Example.ORG", "bob@example.org"),
        ("first.last+news@example.org", "first.last+news@example.org"),
        ("bob@münchen.de", "bob@xn--mnchen-3ya.de"),
        ("bob@MÜNCHEN.de", "bob@xn--mnchen-3ya.de"),
        ("bob@xn--mnchen-3ya.de", "bob@xn--mnchen-3ya.de"),
        ("bob@例え.テスト", "bob@xn--r8jz45g.xn--zckzah"),
        ("o'brien@sub.example.co.uk", "o'brien@sub.example.co.uk"),
        ("reader@list.test", "reader@list.test"),
    ],
)
def test_one_form_for_each_address(given_: str, kept: str) -> None:
    assert normalise(given_) == kept
    assert normalise(kept) == kept


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("", "empty"),
        ("bob", "no @"),
        ("bob@", "after the @"),
        ("@example.org", "before the @"),
        ("bob@localhost", "period"),
        ("bób@example.org", "plain letters"),
        ("bob@example.org\r\nBcc: x@example.org", "control character"),
        ("bob@example.org\n", "control character"),
        ("bob\x00@example.org", "control character"),
        ("Bob <bob@example.org>", "display name"),
        ('"bob"@example.org', "Quoting"),
        ("bob@[127.0.0.1]", "bracketed"),
        (" bob@example.org", "is no email address"),
        ("bob@example..org", "two periods"),
        ("a" * 65 + "@example.org", "too long"),
        ("a" * 400 + "@example.org", "too long"),
        ("bob@" + "a" * 64 + ".org", "too many"),
        ("bob@x.invalid", "is no email address"),
    ],
)
def test_a_refusal_says_why(wrong: str, reason: str) -> None:
    with pytest.raises(AddressError, match=reason):
        normalise(wrong)


def isemail(name: str) -> list[tuple[str, str]]:
    if not ISEMAIL.is_dir():
        pytest.skip("the real addresses of ../shared/data are not here")
    cases = ElementTree.parse(ISEMAIL / name).getroot().iter("test")  # a trusted file beside the project
    return [(case.findtext("category") or "", _control(case.findtext("address") or "")) for case in cases]


def _control(text: str) -> str:
    """The suite writes control character n as U+2400+n."""
    return "".join(chr(ord(char) - 0x2400) if 0x2400 <= ord(char) <= 0x2421 else char for char in text)


def accepted(name: str) -> Counter[str]:
    taken: Counter[str] = Counter()
    for category, candidate in isemail(name):
        with suppress(AddressError):
            normalise(candidate)
            taken[category] += 1
    return taken


def test_isemail_accepts_what_can_be_mailed_and_nothing_else() -> None:
    assert accepted("tests.xml") == {"ISEMAIL_VALID_CATEGORY": 13, "ISEMAIL_DNSWARN": 8}
    assert set(accepted("tests-original.xml")) == {"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN"}


_local = st.text("abcxyz019.!#$%&'*+/=?^_`{|}~-AZ\"(),:;<>[] é", min_size=1, max_size=66)
_domain = st.text("abcxyz0189.-_AZ", min_size=1, max_size=70)
_tail = st.sampled_from(["", ".org", ".co.uk", ".test", ".local", ".invalid", ".c", ".1a", ".a1", ".xn--p1ai", ".ARPA"])


@given(st.builds(lambda local, domain, tail: f"{local}@{domain}{tail}", _local, _domain, _tail))
@example("a@ab--cd.org")
@example("a@" + ".".join(["a" * 62] * 4) + ".org")
@example("a@b.test")
@example("a@b-.org")
@example("K@\u212a.org")
@settings(max_examples=400)
def test_the_fast_path_takes_only_what_email_validator_takes(candidate: str) -> None:
    if address.is_plain(candidate.lower()):
        found = validate_email(candidate, check_deliverability=False, strict=True)
        assert found.ascii_email is not None
        assert found.ascii_email.lower() == candidate.lower() == normalise(candidate)


@given(st.from_regex(r"\A[a-z0-9_+-]{1,20}(\.[a-z0-9]{1,10})?@([a-z0-9]{1,12}(-[a-z0-9]{1,4})?\.){1,3}[a-z]{2,8}\Z"))
@settings(max_examples=150)
def test_ordinary_addresses_take_the_fast_path_and_agree(candidate: str) -> None:
    special = candidate.rpartition(".")[2] in ("arpa", "invalid", "local", "onion", "test")
    if special or "--" in candidate or len(candidate) > 64:
        return
    assert address.is_plain(candidate)
    validate_email(candidate, check_deliverability=False, strict=True)

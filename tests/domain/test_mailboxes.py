"""Which domains count as one."""

from __future__ import annotations

import pytest

from newsletter.domain.mailboxes import group_of


@pytest.mark.parametrize(
    ("domain", "group"),
    [
        ("gmail.com", "google"),
        ("GoogleMail.com", "google"),
        ("outlook.com", "microsoft"),
        ("hotmail.co.uk", "microsoft"),
        ("live.nl", "microsoft"),
        ("outlook.com.br", "microsoft"),
        ("yahoo.fr", "yahoo"),
        ("yahoo.com.au", "yahoo"),
        ("yahoo.co.jp", "yahoo.co.jp"),
        ("aol.com", "yahoo"),
        ("me.com", "apple"),
        ("gmx.at", "gmx"),
        ("web.de", "web.de"),
        ("mail.com", "mail.com"),
        ("example.org", "example.org"),
        ("live.example.org", "live.example.org"),
        ("notgmail.com", "notgmail.com"),
    ],
)
def test_a_domain_belongs_to_its_group(domain: str, group: str) -> None:
    assert group_of(domain) == group

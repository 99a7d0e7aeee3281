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


@pytest.mark.parametrize(
    ("mx", "group"),
    [
        ("aspmx.l.google.com.", "google"),
        ("alt1.gmr-smtp-in.l.googlemail.com", "google"),
        ("example-org.mail.protection.outlook.com", "microsoft"),
        ("mta5.am0.yahoodns.net", "yahoo"),
        ("mx01.mail.icloud.com", "apple"),
        ("mx1.hosting.example.net", "example.net"),
        ("mail.example.co.uk", "example.co.uk"),
    ],
)
def test_a_domain_with_a_known_mail_host_belongs_to_its_owner(mx: str, group: str) -> None:
    assert group_of("a-firm.example", mx) == group

"""Which mailbox group a mail domain belongs to: the domains behind the same servers, which count us together.

Known by name, because a name costs nothing to look at: who runs a company's own domain nobody asks the DNS.
"""

from __future__ import annotations

import re
from functools import lru_cache

_MEMBERS = {
    "google": "gmail.com googlemail.com google.com",
    "microsoft": "outlook.com hotmail.com live.com msn.com passport.com windowslive.com microsoft.com",
    "yahoo": "yahoo.com ymail.com rocketmail.com myyahoo.com aol.com aim.com netscape.net verizon.net",
    "apple": "icloud.com me.com mac.com",
    "gmx": "gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.us gmx.co.uk gmx.fr gmx.es gmx.li gmx.eu",
    "web.de": "web.de email.de",
    "mail.com": "mail.com email.com usa.com",
    "t-online": "t-online.de magenta.de",
    "proton": "proton.me protonmail.com protonmail.ch pm.me",
    "fastmail": "fastmail.com fastmail.fm messagingengine.com",
    "yandex": "yandex.ru yandex.com yandex.by yandex.kz ya.ru",
    "mail.ru": "mail.ru inbox.ru list.ru bk.ru internet.ru",
    "comcast": "comcast.net xfinity.com",
    "orange": "orange.fr wanadoo.fr",
    "qq": "qq.com foxmail.com",
    "netease": "163.com 126.com yeah.net",
}
_GROUPS = {domain: group for group, domains in _MEMBERS.items() for domain in domains.split()}
_OWN_SERVERS = frozenset({"yahoo.co.jp"})  # the name, but another company's servers
_COUNTRIES = (
    (re.compile(r"(?:outlook|hotmail|live|msn)\.(?:com?\.)?[a-z]{2}\Z"), "microsoft"),
    (re.compile(r"(?:yahoo|ymail|aol)\.(?:com?\.)?[a-z]{2}\Z"), "yahoo"),
)


@lru_cache(maxsize=4096)  # asked for each message, and most of them go to few domains
def group_of(domain: str) -> str:
    """The group's name: that of a known provider, else the domain itself."""
    domain = domain.lower().rstrip(".")
    if known := _GROUPS.get(domain):
        return known
    if domain not in _OWN_SERVERS:
        for pattern, group in _COUNTRIES:
            if pattern.match(domain):
                return group
    return domain

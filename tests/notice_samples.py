"""A notice of each kind to render: what it is given, for the sample edition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from newsletter.domain.edition import Edition
from newsletter.domain.finding import block, warn
from newsletter.domain.issue import Issue
from newsletter.text.render import NOTICES
from tests.digests import EDITION, SITE, issue

TOKEN = "eyJzIjoxMjM0NX0.ZxQ3vQ." + "k3Jd9aVb-" * 6
WORDS = "The ferry is back, and I went to [see it](https://example.org/ferry) for you."
LEFT_OUT = "Coast Daily could not be read: it did not answer in 10 seconds."
GIVEN: Mapping[str, object] = {
    "confirm_url": f"{SITE}/confirm/{TOKEN}",
    "days": 1,
    "archive_url": f"{SITE}/archive/tech-decoded?edition=uk",
    "preferences_url": f"{SITE}/preferences/{TOKEN}",
    "unsubscribe_url": f"{SITE}/unsubscribe/{TOKEN}",
    "signup_url": f"{SITE}/subscribe/tech-decoded?edition=uk",
    "day": "Friday, 20 November 2026",
    "clock": "08:00",
    "zone": "Europe/London, UTC+00:00",
    "readers": 1234,
    "findings": [
        warn("subject", "The subject has 74 characters; phones show about 40.", "Shorten it."),
        warn("build", LEFT_OUT, "Put that right and build again, or send it as it is."),
    ],
    "blocked": False,
    "trouble": "",
    "preview_url": f"{SITE}/admin/issues/12/preview",
    "commands": [
        ("newsletter preview 12 --open", "does_preview"),
        ("newsletter edit 12 --without 2", "does_edit"),
        ("newsletter build tech-decoded --edition uk", "does_build"),
        ("newsletter check 12", "does_check"),
        ("newsletter skip tech-decoded --edition uk", "does_skip"),
    ],
}


def given(kind: str, edition: Edition = EDITION, **changed: object) -> dict[str, object]:
    """What a notice of that kind is rendered from."""
    usual = {"issue": _draft(), **GIVEN} if "issue" in NOTICES[kind] else GIVEN
    return {"edition": edition, **{name: usual[name] for name in NOTICES[kind]}, **changed}


@cache
def _draft() -> Issue:
    return issue(note=WORDS, notes=(LEFT_OUT,))


def hard(edition: Edition = EDITION) -> Edition:
    """The edition under names that want room."""
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft 中文通讯 🚢"
    return replace(edition, name=long, newsletter_name=long, site_name=f"Das Haus der {long}")


BLOCKED = {
    "findings": [block("size", "The message has 108 KB; Gmail cuts it at 102 KB.", "Take stories out.")],
    "blocked": True,
}
EMPTY = {"issue": None, "findings": [], "preview_url": "", "commands": GIVEN["commands"][2::2]}
BROKEN = {**EMPTY, "trouble": "templates/email/digest.mjml:3: unknown tag <mj-txt>. Did you mean <mj-text>?"}

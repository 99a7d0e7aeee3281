"""A digest becomes an email, a notice becomes one too: Jinja first, MJML second, a text twin beside it.

Content is always a value: a post that holds `{{ 7*7 }}`, `</mj-text>` or `<script>` shows those characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

import jinja2

from newsletter.domain.digest import Digest, DigestStory
from newsletter.domain.edition import Edition
from newsletter.domain.layout import arrange
from newsletter.domain.notice import NoticeKind
from newsletter.domain.theme import THEMES, Theme
from newsletter.errors import AddressError, TemplateError
from newsletter.text import dates, phrases
from newsletter.text.cleaning import clean_digest, clean_edition
from newsletter.text.compiling import compile_mjml
from newsletter.text.filters import FILTERS
from newsletter.text.headers import is_read, mailbox
from newsletter.text.issue_links import IssueLinks
from newsletter.text.mjml_lint import Slip
from newsletter.text.plain import one_line
from newsletter.text.preheader import cut, preheader
from newsletter.text.sandbox import Environment, WithOriginals
from newsletter.text.slots import Marker, slot
from newsletter.text.template_check import TemplateCheck

# What each notice says needs these values, beside `edition`; links are ours, `days` is how long a link works.
# A reminder goes to the editor: `issue` is the draft (domain.issue.Issue), None where there is none.
NOTICES: Mapping[NoticeKind, tuple[str, ...]] = {
    NoticeKind.CONFIRM: ("confirm_url", "days"),
    NoticeKind.SWITCH: ("confirm_url", "days"),
    NoticeKind.ADDRESS: ("confirm_url", "days"),
    NoticeKind.MOVED: ("signup_url",),
    NoticeKind.WELCOME: ("archive_url", "preferences_url", "unsubscribe_url"),
    NoticeKind.ALREADY: ("archive_url", "preferences_url", "unsubscribe_url"),
    NoticeKind.REMINDER: (
        "day",
        "clock",
        "zone",
        "issue",
        "readers",
        "findings",
        "blocked",
        "trouble",
        "preview_url",
        "commands",
    ),
}
ISSUE = "email/digest"
WORDS, NOTICE_WORDS = "email/words", "email/notices/words"  # folders of phrases, a file for each language
SUBJECT_LENGTH = 250  # no inbox shows more than about 80
PREHEADER_LENGTH = 140  # nor more than that of what follows it


@dataclass(frozen=True, slots=True)
class Rendered:
    """`html` and `text` hold slots (text.slots); `preheader` also stands in `html`."""

    subject: str
    preheader: str
    html: str
    text: str


class Renderer:
    """Templates by name below `loader`: email/digest.mjml, email/digest.txt, email/notices/KIND.mjml and .txt.

    `config` is the name of the file that holds the subjects, which are templates too.
    """

    def __init__(self, loader: jinja2.BaseLoader, config: str = "config.yaml") -> None:
        self._config = config
        self._loader = WithOriginals(loader)
        self._bare = Environment(self._loader)
        self._environments: dict[tuple[Theme, str], Environment] = {}
        self._check = TemplateCheck(self._loader, self._bare)

    def digest(self, digest: Digest, links: IssueLinks) -> Rendered:
        """Raises TemplateError: file, line, reason, remedy."""
        clean = clean_digest(digest)
        writer, address = _answers_to(clean.edition)
        values = {
            **_common(clean.edition),
            "digest": clean,
            "lead": clean.lead,
            "rest": clean.rest,
            "layout": arrange(clean),
            "writer": writer,
            "signature": "" if writer in (clean.edition.name, clean.edition.newsletter_name) else writer,
            "answers_to": address,
            "stories": clean.stories,
            "more": clean.more,
            "number": digest.number,
            "date": dates.full_date(digest.date.date(), clean.edition.language),
            "minutes": _minutes(clean.stories),
            "links": links,
            "preheader": preheader(clean),
        }
        subject = self._subject(clean)
        return self._rendered(ISSUE, {**values, "subject": subject}, clean.edition)

    def subject(self, digest: Digest) -> str:
        """Only that of an issue. Raises TemplateError."""
        return self._subject(clean_digest(digest))

    def notice(self, kind: NoticeKind, values: Mapping[str, object]) -> Rendered:
        """A mail to one person about their own subscription; `values` are `edition` and what NOTICES names.

        Raises TemplateError, and KeyError for a kind that is no template alone, or values that are missing.
        """
        edition = values["edition"]
        if not isinstance(edition, Edition):
            raise TypeError(f"`edition` is an Edition, not {type(edition).__name__}")
        clean = clean_edition(edition)
        given = {**_common(clean), **{name: values[name] for name in NOTICES[kind]}}
        name, environment = f"email/notices/{kind}", self._environment(clean.theme, clean.language)
        subject = one_line(environment.render_block(f"{name}.txt", "subject", given))
        before = one_line(environment.render_block(f"{name}.txt", "preheader", given, default=""))
        given["preheader"] = cut(before, PREHEADER_LENGTH)
        return self._rendered(name, {**given, "subject": subject}, clean)

    def check(self, name: str) -> list[Slip]:
        """What MJML's compiler or Jinja would swallow in the template `name`, its text twin, and all they lead to."""
        stem = name.removesuffix(".mjml")
        themes = [f"email/themes/{theme}" for theme in THEMES] if stem == ISSUE else []
        return self._check.slips(stem, *themes)

    def words_file(self, language: str, folder: str = WORDS) -> str:
        """The template with the fixed phrases for a language tag: English ones where there are no others."""
        return phrases.in_language(folder, language, self._exists)

    def _environment(self, theme: Theme, language: str) -> Environment:
        """One for each theme and language, so that both are known in every file, in those that are imported too."""
        if (theme, language) not in self._environments:
            made = Environment(self._loader)
            files = {"issue_words": self.words_file(language), "notice_words": self.words_file(language, NOTICE_WORDS)}
            made.globals.update(slot=lambda name: Marker(slot(name)), theme=theme, **files)
            made.filters.update(FILTERS, plural=partial(phrases.plural, language=language))
            self._environments[theme, language] = made
        return self._environments[theme, language]

    def _exists(self, name: str) -> bool:
        try:
            self._loader.get_source(self._bare, name)
        except jinja2.TemplateNotFound:
            return False
        return True

    def _rendered(self, name: str, values: Mapping[str, object], edition: Edition) -> Rendered:
        if slips := self.check(f"{name}.mjml"):
            first = slips[0]
            more = f" ({len(slips) - 1} more like it)" if len(slips) > 1 else ""
            raise TemplateError(first.template, first.message + more, line=first.line)
        environment = self._environment(edition.theme, edition.language)
        source = phrases.in_html(environment.render(f"{name}.mjml", values))
        text = phrases.in_text(environment.render(f"{name}.txt", values), dates.direction(edition.language))
        html = compile_mjml(f"{name}.mjml", source)
        return Rendered(str(values["subject"]), str(values["preheader"]), html, _tidy(text))

    def _subject(self, digest: Digest) -> str:
        edition = digest.edition
        if own := cut(one_line(digest.subject), SUBJECT_LENGTH):
            return own
        label = f"{self._config}, `subject` of {edition.newsletter}, edition {edition.key}"
        given = {
            "lead": digest.lead,
            "stories": digest.stories,
            "edition": edition,
            "number": digest.number,
            "date": dates.full_date(digest.date.date(), edition.language),
        }
        written = one_line(
            self._environment(edition.theme, edition.language).render_text(label, edition.subject, given)
        )
        return cut(written, SUBJECT_LENGTH) or f"{edition.name} {digest.number}"


def _common(edition: Edition) -> dict[str, object]:
    way = dates.direction(edition.language)
    start, end = ("left", "right") if way == "ltr" else ("right", "left")
    return {"edition": edition, "language": edition.language, "direction": way, "start": start, "end": end}


def _minutes(stories: Sequence[DigestStory]) -> int:
    """Of the whole issue; a story of unknown length counts as a minute. 0 where many are like that."""
    known = [story.minutes for story in stories if story.minutes]
    return sum(known) + len(stories) - len(known) if 4 * len(known) >= 3 * len(stories) else 0


def _answers_to(edition: Edition) -> tuple[str, str]:
    """Who signs an issue, and where answers go, as `mailto:` wants it; "" for an address that nobody reads."""
    try:
        name = mailbox(edition.sender)[0]
        address = mailbox(edition.reply_to or edition.sender)[1]
    except AddressError:  # the message cannot leave, and preflight says so
        return edition.name, ""
    return one_line(name) or edition.name, quote(address, safe="@+") if is_read(address) else ""


def _tidy(text: str) -> str:
    """No spaces at line ends, at most one empty line in a row, one line end at the end."""
    lines = "\n".join(line.rstrip(" \t") for line in text.strip("\n").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).rstrip("\n") + "\n"

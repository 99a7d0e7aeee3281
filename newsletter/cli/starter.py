"""What `init` writes: a commented config.yaml made for the folder it finds, and what stands beside it."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

from newsletter.errors import ConfigError
from newsletter.text import psych

_SITE_MARKS = ("_config.yml", "_config.yaml", "_config.toml", "_posts")
_LONGEST_TAGLINE = 90  # characters
_PRIVATE_FOLDER = "_newsletter"  # Jekyll publishes every file of a site, but none below an underscore


@dataclass(frozen=True, slots=True)
class Site:
    """A Jekyll site: `path` is relative to the folder of config.yaml, the rest comes from its _config.yml."""

    path: str
    title: str = ""
    url: str = ""
    timezone: str = "UTC"
    language: str = ""
    tagline: str = ""


@dataclass(frozen=True, slots=True)
class Starter:
    """`files` are relative paths and what goes into them; `key` is the newsletter's.

    `private` is the folder, with its slash, of what Jekyll must not publish; "" where there is no need for one.
    """

    key: str
    site: Site | None
    database: str
    files: tuple[tuple[str, str], ...]
    private: str = ""


def prepare(folder: Path) -> Starter:
    """Looks at `folder` and says what should be written there; writes nothing."""
    site = find_site(folder)
    private = f"{_PRIVATE_FOLDER}/" if site and site.path == "." else ""
    title = (site.title if site else "") or _folder_title(folder)
    key = _key(title)
    database = f"{private}subscribers.db"
    files = (
        ("config.yaml", _config(key, title, site, private)),
        (f"{private}templates/README.md", _TEMPLATES),
        (f"{private}.gitignore", _GITIGNORE),
    )
    return Starter(key, site, database, files, private)


def _folder_title(folder: Path) -> str:
    """`my-tech_blog` is called My Tech Blog, until somebody says otherwise."""
    words = re.sub(r"[\W_]+", " ", folder.resolve().name).split()
    return " ".join(word[:1].upper() + word[1:] for word in words) or "Newsletter"


def find_site(folder: Path) -> Site | None:
    """The Jekyll site in `folder` itself, or else in the first of its subfolders that has one."""
    subfolders = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[:1] not in "._")
    for candidate in (folder, *subfolders):
        if any((candidate / mark).exists() for mark in _SITE_MARKS):
            return _read_site(candidate, "." if candidate == folder else candidate.name)
    return None


def _read_site(root: Path, path: str) -> Site:
    said: Any = {}
    for name in ("_config.yml", "_config.yaml"):
        if (root / name).is_file():
            try:
                said = psych.load((root / name).read_text("utf-8-sig", "replace"))
            except psych.YamlError as error:
                raise ConfigError(f"{root / name}:{error.line or 1} cannot be read: {error.reason}.") from None
            except OSError as error:
                raise ConfigError(f"{root / name} cannot be read: {error.strerror}.") from None
            break
    said = said if isinstance(said, dict) else {}
    return Site(
        path=path,
        title=_text(said.get("title")),
        url=_text(said.get("url")),
        timezone=_zone(said.get("timezone")),
        language=_language(said),
        tagline=_tagline(_text(said.get("description"))),
    )


def _text(value: object) -> str:
    return " ".join(str(value).split()) if isinstance(value, (str, int, float)) else ""


def _language(said: dict[str, Any]) -> str:
    """`lang: en_GB` or `locale: en-GB` of the site, where it is a language that mails can be in."""
    word = _text(said.get("lang") or said.get("locale")).replace("_", "-")
    try:
        Locale.parse(word, sep="-")
    except (ValueError, UnknownLocaleError):
        return ""
    return word


def _tagline(description: str) -> str:
    """The site's description, where it is short enough to stand below a name."""
    return description if len(description) <= _LONGEST_TAGLINE else ""


def _zone(value: object) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (ValueError, OSError, KeyError):
        return "UTC"


def _key(title: str) -> str:
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_title).strip("-")[:40].strip("-") or "weekly"


def _config(key: str, title: str, site: Site | None, private: str) -> str:
    host = (urlsplit(site.url).hostname or "").removeprefix("www.") if site else ""
    domain = host if "." in host and not host.replace(".", "").isdigit() else "example.org"
    sender = re.sub(r'[<>"\\@,;:]', "", title).strip() or "Newsletter"
    return _CONFIG.format(
        key=key,
        title=_quoted(title),
        sender=_quoted(f"{sender} <newsletter@{domain}>"),
        public=domain if domain.startswith("news.") else f"news.{domain}",
        timezone=site.timezone if site else "UTC",
        path=_quoted(site.path if site else "blog"),
        named=f", name: {_quoted(site.title)}" if site and site.title else "",
        words=f"    tagline: {_quoted(site.tagline)}\n" if site and site.tagline else "",
        language=f"    language: {_quoted(site.language)}" if site and site.language else f"    # {_LANGUAGE}",
        published=_PUBLISHED if private else "",
        hint=_hint(site),
        database=f"sqlite:///{private}subscribers.db",
        templates=f"{private}templates",
        media=f"{private}media",
        notes=f"{private}note.md",
    )


def _hint(site: Site | None) -> str:
    if site is None:
        return "   # put the folder of your Jekyll site here"
    return "" if site.url else '   # ADD: url: "https://…", your blog\'s address; without it no story has a link'


def _quoted(text: str) -> str:
    """A YAML double-quoted string; JSON's are among them."""
    return json.dumps(text, ensure_ascii=False)


_CONFIG = """\
# The configuration of `newsletter`. Paths are relative to this file. An unknown key is an error, so
# typing mistakes are found. Any value can come from the environment instead:
# NEWSLETTER_SMTP__PASSWORD is smtp: password.
{published}
site:
  name: {title}
  # Where readers reach `newsletter serve`: it stands in each sign-up, archive and unsubscribe link.
  # Before the first real issue, put a public address here, like https://{public}
  url: "http://127.0.0.1:8000"

database: "{database}"   # or postgresql+psycopg://user@host/database
templates: "{templates}"   # your own templates; the rest comes with the program
media: "{media}"   # finished pictures; mails link to them for years

# The mail server that takes your mails. Its password belongs in NEWSLETTER_SMTP__PASSWORD.
smtp:
  host: 127.0.0.1
  port: 25             # 587 goes with starttls, 465 with tls
  security: none       # none, starttls or tls
  # username: newsletter
  connections: 8       # how many conversations with the server at once

# How fast mail leaves: as fast as the server takes it, unless you say (docs/guide/sending.md).
# delivery:
#   pace: {{overall: 20}}                                    # messages a second; or 5000/h
#   warm_up: {{first_day: 500, started: 2026-12-01, most: 50000}}   # a new sender's days, doubling

newsletters:
  {key}:               # the name for commands: `newsletter build {key}`
    name: {title}
    sender: {sender}
{words}    # Many countries ask for a postal address in every mail.
    postal_address: ""
    subject: "{{{{ lead.title }}}}"   # the title of the first story
    schedule: {{days: [friday], at: "08:00", timezone: {timezone}}}
    max_stories: 10
{language}
    theme: classic                # or brief, magazine, letter
    # design:                     # colours, fonts, logo: docs/guide/templates.md has all of them
    #   colours: {{light: {{link: "#0b5c86", accent: "#b3361b"}}}}
    #   logo: logo.png
    # note: {notes}               # a few words of yours above the next issue's stories
    # sections: true              # stories under their categories
    # pictures: embed             # in each mail; else mails link to them, below site: url
    # editor: you@example.org     # gets each issue beforehand; in schedule: remind: 24h
    lookback: 14d                 # older posts stay out: an archive is no news
    sources:                      # `name` is what readers see below a story
      - {{type: jekyll, path: {path}{named}}}{hint}
      # - {{type: jekyll, path: {path}, categories: [Technology]}}   # only these categories
      # - {{type: feed, url: "https://example.com/feed.xml"}}
    # Editions are variants for some of your readers. What one does not say, the newsletter says.
    # editions:
    #   uk: {{}}
    #   world: {{schedule: {{days: [friday], at: "12:00", timezone: UTC}}}}
"""

_LANGUAGE = "language: de                # ar, de, en, es, fr, it, nl, pt, zh; or en-GB: 27 November"

_PUBLISHED = """\
# Jekyll would publish this file with your site: add it to `exclude:` in _config.yml, as in [config.yaml].
"""

_TEMPLATES = """\
# Templates

A file in this folder takes the place of the program's own file of the same name: `email/digest.mjml` here is used
instead of the one that comes with the program. What is not here comes from the program, so keep only what you change.

The program's own files are where `newsletter doctor` says: copy from there what you want to change.

To change one block of the mail, begin `email/digest.mjml` here with {% extends "!email/digest.mjml" %} and write that
block. The guide has an example and names the blocks: docs/guide/templates.md, “Your own templates”.
"""

_GITIGNORE = """\
# Your readers' addresses are theirs: they do not belong in a repository.
*.db
*.db-*
*.lock
*.journal
/*.csv
outbox/
/preview/
"""

"""config.yaml: every key, the environment over it, and complaints that name place, key and remedy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.app import App, open_app
from newsletter.config import Config, Delivery, Edition, FeedSource, JekyllSource, Newsletter, Ranking, load
from newsletter.domain.delivery import DeliveryPolicy
from newsletter.domain.edition import Edition as DomainEdition
from newsletter.domain.edition import Weights
from newsletter.domain.pace import Limits
from newsletter.domain.warmup import WarmUp
from newsletter.errors import ConfigError
from newsletter.store.database import Database

Load = Callable[..., Config]

EVERYTHING = """\
site: {name: The Example, url: "https://news.example.org/"}
database: sqlite:///some/where.db
templates: own
smtp:
  {type: smtp, host: mail.example.org, port: 587, security: starttls, username: me, password: pass, connections: 3,
   messages_per_connection: 100, servers: [{host: b.example.org, port: 2525, security: none, username: you,
   password: word, connections: 2, messages_per_connection: 50}, {host: c.example.org}]}
delivery:
  {on_uncertain: hold, retry_first: 500ms, retry_most: 90m, give_up_after: 7d,
   pace: {overall: 200, per_connection: 0.5, per_domain: {default: 20, gmail.com: 3000/m, bücher.example: null}},
   warm_up: {first_day: 50, started: 2026-12-01, growth: 1.5, most: 20000, timezone: Europe/London}}
web: {host: 0.0.0.0, port: 8080, signups_per_hour: 5}
proxies: [10.0.0.1]
secret: sixteen characters
newsletters:
  tech-decoded:
    name: Tech Decoded
    sender: "Tech Decoded <hello@example.org>"
    reply_to: editor@example.org
    subject: "{{ lead.title }}"
    tagline: The week, decoded
    intro: Good morning.
    language: en-GB
    postal_address: 1 Quay Street, Bristol
    unsubscribe_mailbox: leave@example.org
    schedule: {days: [friday, Mon], at: "08:00", timezone: Europe/London, missed: skip, catch_up_within: 3h}
    max_stories: 12
    lookback: 21d
    ranking: {fresh: 1, sources: 2.5, featured: 3, weight: 4, picture: 5, variety: 6}
    sources:
      - {type: jekyll, path: blog, name: Blog, url: "https://blog.example.org", categories: [Technology]}
      - {type: feed, url: "https://example.com/feed.xml", name: Feed, categories: [Tech, Science]}
    editions:
      uk: {}
      world:
        name: Tech Decoded World
        subject: "World: {{ lead.title }}"
        tagline: ""
        intro: Hello.
        language: en
        schedule: {days: friday, at: 12:30, timezone: UTC}
        max_stories: 5
        categories: [World]
        without_categories: [Local]
"""


@pytest.fixture
def read(tmp_path: Path) -> Load:
    def read(text: str | bytes, environ: Mapping[str, str] | None = None) -> Config:
        path = tmp_path / "config.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path, environ or {})

    return read


def complaint(read: Load, text: str | bytes, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text, environ)
    assert caught.value.exit_status == 2
    return str(caught.value)


def test_every_key(read: Load, tmp_path: Path) -> None:
    config = read(EVERYTHING)
    assert (config.site.name, config.site.url) == ("The Example", "https://news.example.org")
    assert config.database_url == f"sqlite:///{tmp_path / 'some' / 'where.db'}"
    assert config.resolve(config.templates) == tmp_path / "own"
    assert config.file == tmp_path / "config.yaml"
    assert (config.smtp.host, config.smtp.port, config.smtp.security) == ("mail.example.org", 587, "starttls")
    assert config.smtp.password is not None
    assert config.smtp.password.get_secret_value() == "pass"
    assert (config.smtp.username, config.smtp.connections) == ("me", 3)
    delivery = config.delivery
    assert (delivery.on_uncertain, delivery.retry_first) == ("hold", timedelta(milliseconds=500))
    assert (delivery.retry_most, delivery.give_up_after) == (timedelta(minutes=90), timedelta(days=7))
    own, inherited = config.smtp.each()
    assert (own.host, own.port, own.security, own.username) == ("b.example.org", 2525, "none", "you")
    assert (own.connections, own.messages_per_connection) == (2, 50)
    assert (inherited.host, inherited.port, inherited.username) == ("c.example.org", 587, "me")
    assert (inherited.connections, inherited.messages_per_connection) == (3, 100)
    assert inherited.password == config.smtp.password
    assert (delivery.pace.overall, delivery.pace.per_connection) == (200, 0.5)
    assert delivery.pace.per_domain == {"default": 20, "gmail.com": 50, "xn--bcher-kva.example": None}
    assert delivery.warm_up is not None
    assert delivery.warm_up.started == date(2026, 12, 1)
    assert (delivery.warm_up.first_day, delivery.warm_up.growth, delivery.warm_up.most) == (50, 1.5, 20000)
    assert (config.web.host, config.web.port, config.web.signups_per_hour) == ("0.0.0.0", 8080, 5)
    assert config.proxies == ("10.0.0.1/32",)
    letter = config.newsletters["tech-decoded"]
    assert (letter.name, letter.sender) == ("Tech Decoded", "Tech Decoded <hello@example.org>")
    assert (letter.reply_to, letter.unsubscribe_mailbox) == ("editor@example.org", "leave@example.org")
    assert (letter.tagline, letter.intro, letter.language) == ("The week, decoded", "Good morning.", "en-GB")
    assert (letter.postal_address, letter.max_stories) == ("1 Quay Street, Bristol", 12)
    assert letter.lookback == timedelta(days=21)
    assert letter.schedule is not None
    assert (letter.schedule.days, letter.schedule.at) == (("monday", "friday"), time(8))
    assert (letter.schedule.timezone, letter.schedule.missed) == ("Europe/London", "skip")
    assert letter.schedule.catch_up_within == timedelta(hours=3)
    assert [*letter.ranking.model_dump().values()] == [1, 2.5, 3, 4, 5, 6]
    jekyll, feed = letter.sources
    assert isinstance(jekyll, JekyllSource)
    assert isinstance(feed, FeedSource)
    assert (jekyll.path, jekyll.name, jekyll.url) == ("blog", "Blog", "https://blog.example.org")
    assert (feed.url, feed.categories) == ("https://example.com/feed.xml", ("Tech", "Science"))
    assert letter.editions["uk"] == Edition()
    world = letter.editions["world"]
    assert (world.tagline, world.max_stories, world.categories) == ("", 5, ("World",))
    assert world.schedule is not None
    assert (world.schedule.days, world.schedule.at) == (("friday",), time(12, 30))


@pytest.mark.parametrize("text", ["", "# only a comment\n", "site:\nsmtp:\nnewsletters:\n", "---\n"])
def test_what_is_not_said_has_a_default(read: Load, text: str, tmp_path: Path) -> None:
    config = read(text)
    assert config.smtp.port == 25
    assert config.newsletters == {}
    assert config.database_url == f"sqlite:///{tmp_path / 'subscribers.db'}"


@pytest.mark.parametrize("editions", ["", "editions:", "editions: {}"])
def test_a_newsletter_has_at_least_one_edition(read: Load, editions: str) -> None:
    config = read(f"newsletters:\n  a:\n    name: A\n    sender: a@b.example\n    {editions}\n")
    assert list(config.newsletters["a"].editions) == ["main"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("site: {nmae: X}", "config.yaml:1: unknown key `site.nmae`. Did you mean `name`?"),
        ("newsletters: {a: {from: X}}", "unknown key `newsletters.a.from`. Did you mean `sender`?"),
        ("newsletters: {a: {formatt: X}}", "unknown key `newsletters.a.formatt`. Remove it;"),  # `format` is of `log`
        (
            "newsletters: {a: {editions: {uk: {subjekt: X}}}}",
            "uk.subjekt`. Did you mean `subject`?",
        ),
        ("smtp: {servers: [{prot: 1}]}", "unknown key `smtp.servers.0.prot`. Did you mean `port`?"),
        ("newsletters: {a: {design: {light: {}}}}", "`newsletters.a.design.light`. There is such a key, but"),
        ("\n\nsmpt: {}", "config.yaml:3: unknown key `smpt`. Did you mean `smtp`?"),
        ("xyzzy: 1", "config.yaml:1: unknown key `xyzzy`. Remove it; docs/reference.md lists the keys there are."),
        ("folder: /", "config.yaml:1: unknown key `folder`. Remove it."),
        ("site:\n  url: news.example.org", "config.yaml:2: `site.url`: 'news.example.org' is no web address;"),
        ("site:\n  url: 'http://[::1'", "config.yaml:2: `site.url`: 'http://[::1' is no web address;"),
        ("smtp:\n  port: many", 'config.yaml:2: `smtp.port`: "many": write a whole number.'),
        ("smtp:\n  port: 70000", "config.yaml:2: `smtp.port`: 70000: it must be less than or equal to 65535."),
        ("smtp:\n  host: mail..example.org", "config.yaml:2: `smtp.host`: 'mail..example.org' is no host; write one"),
        ("smtp:\n  host: .example.org", "config.yaml:2: `smtp.host`: '.example.org' is no host"),
        (f"smtp:\n  host: {'a' * 64}.example.org", "aaa.example.org' is no host"),
        ('smtp:\n  host: "mail\\0"', "config.yaml:2: `smtp.host`: 'mail\\x00' is no host"),
        ("smtp:\n  host: mail example.org", "config.yaml:2: `smtp.host`: 'mail example.org' is no host"),
        ("smtp:\n  host: bücher..example", "config.yaml:2: `smtp.host`: 'bücher..example' is no host"),
        ("smtp:\n  host: a.example.org:587", "write them apart, `host: a.example.org` and `port: 587`"),
        (
            "smtp:\n  host: http://mail.example.org",
            "is an address; write the host alone, like `host: mail.example.org`",
        ),
        ("smtp:\n  host: smtps://me@mail.example.org:465/", "write the host alone, like `host: mail.example.org`"),
        ("smtp:\n  host: mail.example.org/", "config.yaml:2: `smtp.host`: 'mail.example.org/' is no host"),
        ('web:\n  host: "a..b"', "config.yaml:2: `web.host`: 'a..b' is no host"),
        ("smtp:\n  security: ssl", "`smtp.security`: \"ssl\": it must be 'none', 'starttls' or 'tls'."),
        ("smtp: 25", "config.yaml:1: `smtp`: 25: write `key: value` lines below it."),
        ("delivery:\n  give_up_after: soon", "`delivery.give_up_after`: 'soon' is no duration; write one like 500ms"),
        ("delivery:\n  give_up_after: 999999999d", "is longer than a hundred years"),
        ("delivery: {retry_first: -1m}", "'-1m' is no duration"),
        ("proxies: [10.0.0.1, everywhere]", "config.yaml:1: `proxies.1`: 'everywhere' is no network; write one like"),
        ("secret: short", "config.yaml:1: `secret`: "),
        ("newsletters: [a]", "config.yaml:1: `newsletters`: write `key: value` lines below it."),
        ("newsletters:\n  a b: {name: A, sender: a@b.example}", "config.yaml:2: `newsletters.a b`: "),
        ('newsletters:\n  a:\n    sender: "A <a@b exa.example>"', "config.yaml:3: `newsletters.a.sender`: "),
        ('newsletters:\n  a:\n    sender: "A <a@b.example"', "config.yaml:3: `newsletters.a.sender`: "),
        (
            "newsletters:\n  a:\n    name: A\n    sender: a@b.example\n    subject: '{{ lead.title '",
            "config.yaml:5: `newsletters.a.subject`: '{{ lead.title ' is no template: unexpected end of template",
        ),
        (
            "newsletters:\n  a:\n    sender: a@b.example",
            "`newsletters.a.name` is missing; add it, like `name: Tech Decoded`.",
        ),
        (
            "newsletters:\n  a: {name: A, sender: nobody}",
            "config.yaml:2: `newsletters.a.sender`: 'nobody' is no mailbox;",
        ),
        ("site: {name: A}\nsite: {name: B}", "config.yaml:2: `site` stands there twice; remove one."),
        ('site: "a\\u2028b"', 'config.yaml:1: `site`: "a\\u2028b": write'),
        ("a: [", "config.yaml:1: this is not YAML: "),
        ("a: b: c", "config.yaml:1: this is not YAML: mapping values are not allowed here (a value with a colon"),
        ("a: b\n\tc: d", "indent with spaces, not tabs"),
        ('a: "b\nc: "d"\n', "a quote is missing, or the indentation is off"),
        ("a: b\nc\nd: e", "a key wants a colon and a space behind it"),
        ('a: "b\n', "a quote or a bracket is opened and never closed"),
        ("- a", "config.yaml:1: a configuration is `key: value` lines"),
        ("just words", "config.yaml:1: a configuration is `key: value` lines"),
        ("site: &a {name: *a}", "config.yaml:"),
        (
            "site:\n  name: {{ x }}",
            "config.yaml:2: a key is words alone; a value that begins with { or [ belongs in quotes",
        ),
        ("site:\n  name: {{ x }} and more", "config.yaml:2: a key is words alone"),
        ("site:\n  ? [a, b]\n  : c", "config.yaml:2: a key is words alone"),
        ("[a]: b", "config.yaml:1: a key is words alone"),
        ("a: &x {b: c}\n*x : d", "config.yaml:2: a key is words alone"),
        ("a: !!python/object/apply:os.system [ls]", "this is not YAML: could not determine a constructor"),
        ("a: &a\n  <<: *a", "config.yaml:2: an alias (*name) stands inside what it names; write it out."),
        ("site:\n  name: !!bool abc", "config.yaml:2: the tag !!bool does not fit its value; leave the tag out."),
        ("site: {name: !!float ''}", "config.yaml:1: the tag !!float does not fit its value"),
        ("site: {name: !!timestamp soon}", "config.yaml:1: the tag !!timestamp does not fit its value"),
        (f"a: {'{a: ' * 400}{'}' * 400}", "config.yaml:1: more than 60 levels deep"),
        (f"a: {'[' * 5000}", "config.yaml:1: more than 60 levels deep"),
        (b"site: {name: \xff}", "config.yaml: byte 13 is not UTF-8; save the file as UTF-8."),
        ("site:\n  {name: \x01}", "config.yaml:2: the character 0x01 cannot stand in a file; remove it."),
        ("site:\n  {name: a\0}", "config.yaml:2: the character 0x00 cannot stand in a file; remove it."),
        (
            "site: {name: a}\n---\nsite: {name: b}",
            "config.yaml:2: this is not YAML: but found another document (a line ---",
        ),
    ],
)
def test_a_complaint_names_place_key_and_remedy(read: Load, text: str | bytes, expected: str) -> None:
    assert expected in complaint(read, text)


def in_newsletter(lines: str) -> str:
    return f"newsletters:\n  a:\n    name: A\n    sender: a@b.example\n{lines}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("    schedule: {at: '08:00'}", "config.yaml:5: `newsletters.a.schedule.days` is missing; add it, like `days"),
        ("    schedule: {days: [], at: '08:00'}", "`newsletters.a.schedule.days`: write at least one."),
        ("    schedule: {days: [fryday], at: '08:00'}", "'fryday' is no day; write monday … sunday."),
        ("    schedule: {days: [friday], at: 8}", "`newsletters.a.schedule.at`: 8 is no time of day; write one"),
        ("    schedule: {days: [friday], at: '24:00'}", "'24:00' is no time of day"),
        ("    schedule: {days: [friday], at: '08:00', timezone: Mars/Base}", "'Mars/Base' is no time zone"),
        ("    schedule: {days: [friday], at: '08:00', timezone: Europe}", "'Europe' is no time zone"),
        ("    schedule: {days: [friday], at: '08:00', timezone: ../UTC}", "'../UTC' is no time zone"),
        ("    sources:\n      - path: blog", "config.yaml:6: `newsletters.a.sources.0`: say which kind of source"),
        ("    sources:\n      - {type: rss, url: x}", "config.yaml:6: `newsletters.a.sources.0`: there are two kinds"),
        ("    sources:\n      - {type: feed}", "config.yaml:6: `newsletters.a.sources.0.url` is missing; add it"),
        ("    sources:\n      - {type: feed, url: x}\n      - {type: jekyll, pth: x}",
         "config.yaml:7: unknown key `newsletters.a.sources.1.pth`. Did you mean `path`?"),
        ("    sources: {type: feed}", "config.yaml:5: `newsletters.a.sources`: write a list"),
        ("    editions:\n      uk:\n        max_stories: 0",
         "config.yaml:7: `newsletters.a.editions.uk.max_stories`: 0: it must be greater"),
        ("    editions:\n      u/k: {}", "config.yaml:6: `newsletters.a.editions.u/k`: "),
        ("    ranking: {fresh: .inf}", "`newsletters.a.ranking.fresh`: "),
    ],
)  # fmt: skip
def test_complaints_about_a_newsletter(read: Load, lines: str, expected: str) -> None:
    assert expected in complaint(read, in_newsletter(lines))


def test_all_complaints_come_at_once(read: Load) -> None:
    said = complaint(read, "smtp: {port: x}\nsiet: {}\nweb: {port: -1}")
    assert [line.split(": ")[0].rpartition(":")[2] for line in said.splitlines()] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "host", ["localhost", "192.0.2.1", "::1", "fe80::1%eth0", "mail.example.org.", "bücher.example"]
)
def test_a_host_may_be_a_name_or_an_address(read: Load, host: str) -> None:
    assert read(f"smtp: {{host: '{host}'}}").smtp.host == host


@pytest.mark.parametrize("written", ["[{}]", "\n  <<: [{}]"])
def test_a_bomb_of_aliases_or_merges_is_counted_and_not_built(read: Load, written: str) -> None:
    """Each level holds the one before it nine times: built, the last would hold some hundred million values."""
    levels = ["a: &a {k: v}"]
    for above, name in pairwise("abcdefghij"):
        levels.append(f"{name}: &{name} {written.format(', '.join([f'*{above}'] * 9))}")
    assert "more than 10,000 values, aliases included" in complaint(read, "\n".join(levels))


def test_an_alias_and_a_merge_are_what_they_name(read: Load) -> None:
    config = read(
        "newsletters:\n"
        "  a: &a {name: A, sender: &me a@b.example, max_stories: 3}\n"
        "  b:\n    <<: *a\n    name: B\n    reply_to: *me\n"
    )
    letter = config.newsletters["b"]
    assert (letter.name, letter.sender, letter.reply_to, letter.max_stories) == ("B", "a@b.example", "a@b.example", 3)


def test_a_complaint_about_what_lies_over_a_merge_names_its_own_line(read: Load) -> None:
    said = complaint(read, "delivery: &a {retry_first: 1m}\nweb: {port: 1}\nsmtp:\n  <<: {port: 25}\n  port: x")
    assert "config.yaml:5: `smtp.port`" in said


def test_of_many_complaints_the_first_are_shown(read: Load) -> None:
    for wrong in ("".join(f"key{number}: 1\n" for number in range(3000)), "key: 1\n" * 3001):
        lines = complaint(read, wrong).splitlines()
        assert len(lines) == 21
        assert "and 2,980 more; mend these first." in lines[-1]


def test_a_file_that_never_ends_is_not_read_to_its_end(read: Load) -> None:
    assert "more than 1,000,000 bytes is no configuration" in complaint(read, "#" * 1_000_001)
    assert read("#" * 1_000_000)


@pytest.mark.parametrize("odd", ["\u202e", "\x1b", "\n", "\u2028", "\U0010ffff"])
def test_what_cannot_be_printed_is_told_as_an_escape(read: Load, odd: str) -> None:
    written = yaml.safe_dump(f"{odd}a", default_style='"').strip()
    texts = [f"site: {written}", f"log: {{level: {written}}}", f"smtp: {{port: {written}}}", f"{written}: 1"]
    texts += [
        f"{written}: 1\n{written}: 2",
        f"newsletters: {{{written}: {{}}}}",
        f"delivery: {{retry_first: {written}}}",
    ]
    for text in texts:
        said = complaint(read, text)
        assert all(line.isprintable() and "config.yaml:" in line for line in said.splitlines())
        assert "\\" in said


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file. Run `newsletter init`, or name it with --config FILE"):
        load(tmp_path / "config.yaml", {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, {})


def test_who_stands_in_a_folder_below_is_told_where_the_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text("")
    (tmp_path / "blog" / "_posts").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "blog" / "_posts")
    with pytest.raises(ConfigError, match=r"There is .*config\.yaml: go to its folder, or name it with --config"):
        load(Path("config.yaml"), {})
    with pytest.raises(ConfigError, match="newsletter init"):
        load(Path("elsewhere/config.yaml"), {})


def test_a_feed_by_path_is_told_of_url(read: Load) -> None:
    text = "newsletters: {n: {name: N, sender: a@example.org, sources: [{type: feed, path: feed.xml}]}}\n"
    assert "a feed has a `url`; a file is one too: `url: feed.xml`" in complaint(read, text)


def test_a_key_called_like_a_kind_of_source_keeps_its_name(read: Load) -> None:
    said = complaint(read, "newsletters:\n  feed: {name: A, sender: a@b.example, colour: red}")
    assert "`newsletters.feed.colour`" in said


@pytest.mark.parametrize(
    ("written", "expected"),
    [("8:30", time(8, 30)), ("08:30", time(8, 30)), ("'0:05'", time(0, 5)), ("23:59", time(23, 59))],
)
def test_a_time_of_day_needs_no_quotes(read: Load, written: str, expected: time) -> None:
    config = read(in_newsletter(f"    schedule: {{days: [fri], at: {written}}}"))
    assert config.newsletters["a"].schedule is not None
    assert config.newsletters["a"].schedule.at == expected


def test_words_stay_words(read: Load) -> None:
    config = read(in_newsletter("    language: no\n    tagline: 2026-11-27\n    editions: {no: {}, on: {}, 2: {}}"))
    letter = config.newsletters["a"]
    assert (letter.language, letter.tagline, list(letter.editions)) == ("no", "2026-11-27", ["no", "on", "2"])


ENVIRONMENT = {
    "NEWSLETTER_SMTP__PASSWORD": "12345",
    "NEWSLETTER_SMTP__PORT": "2525",
    "NEWSLETTER_SITE__NAME": "Other: words",
    "NEWSLETTER_DATABASE": "postgresql+psycopg://me:pa: ss@host/db",
    "NEWSLETTER_NEWSLETTERS__TECH_DECODED__MAX_STORIES": "3",
    "NEWSLETTER_NEWSLETTERS__TECH_DECODED__SOURCES__1__URL": "https://example.com/other.xml",
    "NEWSLETTER_NEWSLETTERS__TECH_DECODED__EDITIONS__WORLD__SCHEDULE__DAYS": "[monday, tuesday]",
    "NEWSLETTER_SECRET": "0123456789abcdef",
    "NEWSLETTER_CONFIG": "elsewhere.yaml",
    "NEWSLETTER_DEBUG": "1",
    "NEWSLETTER_SERVICE_HOST": "10.0.0.1",  # Kubernetes sets these for a service of that name
    "NEWSLETTER_PORT_8000_TCP": "tcp://10.0.0.1:8000",
    "NEWSLETTER_SMTP_PORT": "tcp://10.0.0.1:25",
    "SMTP__PORT": "1",
    "PATH": "/bin",
}


def test_the_environment_lies_over_the_file(read: Load) -> None:
    config = read(EVERYTHING, ENVIRONMENT)
    letter = config.newsletters["tech-decoded"]
    assert config.smtp.password is not None
    assert config.smtp.password.get_secret_value() == "12345"
    assert (config.smtp.port, config.smtp.host, config.site.name) == (2525, "mail.example.org", "Other: words")
    assert config.database == "postgresql+psycopg://me:pa: ss@host/db"
    assert (letter.max_stories, letter.name) == (3, "Tech Decoded")
    assert isinstance(letter.sources[1], FeedSource)
    assert letter.sources[1].url == "https://example.com/other.xml"
    schedule = letter.editions["world"].schedule
    assert schedule is not None
    assert schedule.days == ("monday", "tuesday")
    assert config.secret is not None
    assert config.secret.get_secret_value() == "0123456789abcdef"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("NEWSLETTER_SMTP__PORT", "x", 'NEWSLETTER_SMTP__PORT: `smtp.port`: "x": write a whole number.'),
        ("NEWSLETTER_SMTP__PROT", "1", "NEWSLETTER_SMTP__PROT: unknown key `smtp.prot`. Did you mean `port`?"),
        ("NEWSLETTER_NEWSLETTERS__TECH_DECODED__SOURCES__9__URL", "x", "that list has no entry 9; its first is 0."),
        ("NEWSLETTER_NEWSLETTERS__TECH_DECODED__SOURCES__X", "x", "that list has no entry x"),
        ("NEWSLETTER_NEWSLETTERS__TECH_DECODED__SOURCES__0__PATH__X", "x", "NEWSLETTER_"),
        ("NEWSLETTER_SECRET", "short", "NEWSLETTER_SECRET: `secret`"),
        ("NEWSLETTER_SMTP_PASSWORD", "x", "Did you mean NEWSLETTER_SMTP__PASSWORD?"),
        ("NEWSLETTER_DATABSE", "x", "unknown key `databse`. Did you mean NEWSLETTER_DATABASE?"),
        ("NEWSLETTER_STMP__PORT", "25", "unknown key `stmp.port`. Did you mean NEWSLETTER_SMTP__PORT?"),
        ("NEWSLETTER_COLOURS__DARK", "x", "unknown key `colours.dark`. Unset it."),
    ],
)
def test_a_complaint_about_a_variable_names_it(read: Load, variable: str, value: str, expected: str) -> None:
    said = complaint(read, EVERYTHING, {variable: value})
    assert expected in said
    assert "config.yaml:" not in said


def test_a_secret_is_never_shown(read: Load) -> None:
    config = read(EVERYTHING)
    assert "sixteen" not in repr(config)
    assert "'pass'" not in repr(config)
    assert "abc" not in complaint(read, "", {"NEWSLETTER_SECRET": "abc"})


def test_a_config_cannot_be_changed(read: Load) -> None:
    with pytest.raises(ValueError, match="frozen"):
        read(EVERYTHING).database = "other"


keys = st.sampled_from(
    ["site", "smtp", "newsletters", "a", "name", "sender", "sources", "type", "editions", "schedule", "at"]
)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["jekyll", "feed"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(tree=st.dictionaries(keys, trees, max_size=4))
def test_any_tree_is_read_or_complained_about(tmp_path_factory: Any, tree: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("any") / "config.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), "utf-8")
    check(path, {})


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet=st.sampled_from("ab:- \n\t{}[]'\"#&*!|>%@0.é\u0085"), max_size=60))
def test_any_text_is_read_or_complained_about(tmp_path_factory: Any, text: str) -> None:
    path = tmp_path_factory.mktemp("text") / "config.yaml"
    path.write_text(text, "utf-8")
    check(path, {})


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(
        st.sampled_from(["SMTP", "PORT", "NEWSLETTERS", "TECH_DECODED", "SOURCES", "0", "X"]), min_size=1, max_size=5
    ),
    value=st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
)
def test_any_variable_is_read_or_complained_about(tmp_path_factory: Any, steps: list[str], value: str) -> None:
    path = tmp_path_factory.mktemp("env") / "config.yaml"
    path.write_text(EVERYTHING, "utf-8")
    check(path, {f"NEWSLETTER_{'__'.join(steps)}": value})


def test_what_a_key_is_without_being_written_is_said_once_in_effect() -> None:
    """The domain's values have defaults of their own; both must be the same, whoever reads which."""
    assert Ranking().model_dump() == asdict(Weights())
    policy = asdict(DeliveryPolicy())
    said = Delivery().model_dump()
    assert asdict(Limits()) == {"overall": None, "group": None, "connection": None, "groups": {}}
    assert said.pop("pace") == {"overall": None, "per_connection": None, "per_domain": {}}
    assert said.pop("warm_up") is None
    assert said == {key: policy[key] for key in said}
    edition = {key: field.default for key, field in DomainEdition.__dataclass_fields__.items()}
    shared = ("subject", "tagline", "intro", "language", "postal_address", "max_stories", "lookback")
    assert {key: Newsletter.model_fields[key].default for key in shared} == {key: edition[key] for key in shared}


_SMALL = """\
site: {name: S, url: "https://s.example"}
database: sqlite:///s.db
smtp: {port: 25}
delivery: {retry_first: 1m}
newsletters:
  n: {name: N, sender: n@example.org, language: en, sources: [{type: feed, url: f.xml}]}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "line", "reason"),
    [
        ("port: 25", "port: yes", 3, "whole number"),
        ("https://s.example", "https://s.example/?a=b", 1, "query or a fragment"),
        ("sqlite:///s.db", "mysql://h/d", 2, "no SQLite and no PostgreSQL database"),
        ("sqlite:///s.db", "s.db", 2, "no SQLite and no PostgreSQL database"),
        ("sqlite:///s.db", "sqlite://", 2, "forgets everything"),
        ("retry_first: 1m", "retry_first: 0s", 4, "needs a pause"),
        ("n@example.org", '"N <n@example.org>, M <m@example.org>"', 6, "no mailbox"),
        ("n@example.org", '""', 6, "'' is no mailbox"),
        ("n@example.org", f"{'n' * 65}@example.org", 6, "has 65 characters before its @; mail servers take 64"),
        ("n@example.org", "jürgen@example.org", 6, "letters before its @"),
        ("n@example.org", "h..x@example.org", 6, "'h..x', before its @, is malformed"),
        ("n@example.org", '"N <.n@example.org>"', 6, "'.n', before its @, is malformed"),
        ("n@example.org", "hello@☃.net", 6, "'☃.net', behind its @, is no domain"),
        ("n@example.org", "hello@exa%mple.org", 6, "is no domain"),
        ("n@example.org", "hello@a..b", 6, "is no domain"),
        ("n@example.org", "hello@-bad-.org", 6, "is no domain"),
        ("https://s.example", "https://bücher.example/a", 1, "write https://xn--bcher-kva.example/a"),
        ("https://s.example", "https://s.example/é", 1, "which are plain ASCII."),
        ("sqlite:///s.db", '"sqlite:///a\\0b.db"', 2, "it holds a NUL character"),
        ("sqlite:///s.db", "'postgresql://[::1/x'", 2, "its host or its port (a number) is none"),
        ("sqlite:///s.db", "'postgresql://h:port/x'", 2, "its host or its port (a number) is none"),
        ("url: f.xml", 'url: "f\\0.xml"', 6, "it holds a NUL character"),
        ("{type: feed, url: f.xml}", '{type: jekyll, path: "b\\0"}', 6, "it holds a NUL character"),
        ("language: en", 'language: "en\\r\\nX-Evil: y"', 6, "no language"),
        ("url: f.xml", "url: ftp://h/f.xml", 6, "no feed"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(read: Load, right: str, wrong: str, line: int, reason: str) -> None:
    assert read(_SMALL)
    said = complaint(read, _SMALL.replace(right, wrong))
    assert f"config.yaml:{line}: " in said
    assert reason in said


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("site.name", 'site: {name: "%"}'),
        ("database", 'database: "sqlite:///%.db"'),
        ("media", 'media: "%"'),
        ("templates", 'templates: "%"'),
        ("smtp.path", 'smtp: {path: "%"}'),
        ("smtp.username", 'smtp: {username: "%"}'),
        ("web.password", 'web: {password: "%23456789"}'),
        ("newsletters.n.note", 'newsletters: {n: {name: N, sender: n@example.org, note: "%"}}'),
        ("newsletters.n.design.logo", 'newsletters: {n: {name: N, sender: n@example.org, design: {logo: "%"}}}'),
        (
            "newsletters.n.editions.m.categories",
            'newsletters: {n: {name: N, sender: n@example.org, editions: {m: {categories: ["%"]}}}}',
        ),
    ],
)
def test_half_a_character_is_no_text_whatever_the_key(read: Load, key: str, text: str) -> None:
    assert read(text.replace("%", "\\U0001F600"))
    said = complaint(read, text.replace("%", "\\ud800"))
    assert f"config.yaml:1: `{key}`: " in said
    assert "write text in UTF-8." in said


@pytest.mark.parametrize(
    "place", ["h", "h:5432", "[::1]:5432", "me@h", "me:p/a:[s]#w?@h:1", "", "me@", "h1,h2", "h?sslmode=require"]
)
def test_a_database_server_may_be_named_in_many_ways(read: Load, place: str) -> None:
    url = f"postgresql+psycopg://{place}" + ("" if "?" in place and "@" not in place else "/x")
    assert read(f"database: '{url}'").database == url


def test_a_path_that_leads_nowhere_is_a_wrong_config(read: Load, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    loops = ["loop/s.db"] if sys.version_info < (3, 13) else []  # later ones leave it to who opens the file
    for path in (*loops, "~nobody-of-that-name/s.db"):
        config = read(f"database: 'sqlite:///{path}'")
        with pytest.raises(ConfigError, match=f"config.yaml: {path}: no such place"):
            _ = config.database_url


@pytest.mark.parametrize(
    ("steps", "value", "reason"),
    [
        ("SITE", "[" * 5000, "NEWSLETTER_SITE: `site`: write `key: value` lines below it"),
        ("SITE", "!!bool abc", "NEWSLETTER_SITE: `site`: "),
        ("SMTP__PORT", "!!bool abc", 'NEWSLETTER_SMTP__PORT: `smtp.port`: "!!bool abc": write a whole number'),
        ("SMTP__HOST", "\udcff", 'NEWSLETTER_SMTP__HOST: `smtp.host`: "\\udcff": write text in UTF-8.'),
        (f"NEWSLETTERS__N__SOURCES__{'9' * 5000}", "x", "that list has no entry"),
        ("NEWSLETTERS__N__SOURCES__²", "x", "that list has no entry ²; its first is 0"),
        (f"SITE{'__A' * 20000}", "x", "unknown key `site.a`"),
    ],
)
def test_no_variable_is_too_much(read: Load, steps: str, value: str, reason: str) -> None:
    assert reason in complaint(read, _SMALL, {f"NEWSLETTER_{steps}": value})


@pytest.mark.parametrize(
    "text",
    [
        "{long}: 1",
        "{long}: 1\n{long}: 1",
        "site: {{url: {long}}}",
        "smtp: {{port: {long}, host: .{long}, security: {long}}}",
        "delivery: {{retry_first: {long}}}",
        "proxies: [{long}]",
        "newsletters: {{{long}: {{name: 1, senders: 2}}}}",
        "a: *{long}",
        "a: !{long} b",
    ],
)
def test_a_complaint_is_short_however_long_the_mistake(read: Load, text: str) -> None:
    said = complaint(read, text.format(long="x" * 100_000))
    assert max(map(len, said.splitlines())) < 600


@pytest.mark.parametrize(
    "name", ["SITE__{long}", "SMTPX__{long}", "NEWSLETTERS__N__SOURCES__{long}", "DATABASE__{long}"]
)
def test_so_it_is_about_a_variable(read: Load, name: str) -> None:
    said = complaint(read, _SMALL, {f"NEWSLETTER_{name.format(long='X' * 100_000)}": "x"})
    assert len(said) < 900


def test_a_short_secret_is_said_to_be_too_short(read: Load) -> None:
    said = complaint(read, _SMALL, {"NEWSLETTER_SECRET": "hunter2"})
    assert "at least 16 characters" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("written", ["hunter2", "1234567", "''"])
def test_a_short_admin_password_is_refused_and_not_repeated(read: Load, written: str) -> None:
    complaints = (
        complaint(read, f"web: {{password: {written}}}"),
        complaint(read, "", {"NEWSLETTER_WEB__PASSWORD": written}),
    )
    for place, said in zip(("config.yaml:1", "NEWSLETTER_WEB__PASSWORD"), complaints, strict=True):
        assert f"{place}: `web.password`: it is too short; write at least 8 characters." in said
        assert "hunter2" not in said
        assert "1234567" not in said
    assert read("web: {password: hunter22}").web.password is not None


def check(path: Path, environ: Mapping[str, str]) -> None:
    try:
        assert isinstance(load(path, environ), Config)
    except ConfigError as error:
        for line in str(error).splitlines():
            assert line.startswith((str(path), "NEWSLETTER_"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("delivery: {pace: {overall: fast}}", "`delivery.pace.overall`: 'fast' is no rate; write messages a second"),
        ("delivery: {pace: {overall: yes}}", "is no rate"),
        ("delivery: {pace: {overall: 0}}", "at a rate of 0 nothing ever leaves"),
        ("delivery: {pace: {per_domain: {'@gmail.com': 5}}}", "is no domain; write what stands behind the @"),
        ("delivery: {pace: {per_domain: {gmail.com: 5/y}}}", "`delivery.pace.per_domain.gmail.com`: '5/y' is no rate"),
        (
            "delivery: {pace: {per_domain: {GMail.com: 5, gmail.com: 9}}}",
            "GMail.com stands there twice, in two spellings",
        ),
        ("delivery: {pace: {per_domain: {bü cher.de: 5}}}", "'bü cher.de' is no domain"),
        (
            "delivery: {pace: {per_domain: {defualt: 5}}}",
            "'defualt' has no dot; write a whole domain, like gmail.com, or",
        ),
        (
            "delivery: {warm_up: {first_day: 50, started: 2026-12-01, most: 5}}",
            "`most` is 5, but `first_day` is already 50",
        ),
        ("delivery: {warm_up: {first_day: 50}}", "`delivery.warm_up.started` is missing; add it, like `started: 20"),
        ("delivery: {warm_up: {first_day: 50, started: soon}}", "'soon' is no date; write one like 2026-12-01"),
        ("smtp: {type: folder, servers: [{host: a.example.org}]}", "a folder has no `servers`; remove them"),
        ("smtp: {servers: [{port: 25}]}", "`smtp.servers.0.host` is missing; add it, like `host: mail.example.org`"),
    ],
)
def test_a_pace_that_is_none_is_told_with_its_remedy(read: Load, text: str, told: str) -> None:
    assert told in complaint(read, text)


def test_a_server_with_a_login_of_its_own_never_gets_the_common_password(read: Load) -> None:
    text = "smtp: {username: me, password: pass, servers: [{host: a.example.org, username: you}]}"
    [server] = read(text).smtp.each()
    assert (server.username, server.password) == ("you", None)


def test_a_servers_password_comes_from_the_environment(read: Load) -> None:
    text = "smtp: {servers: [{host: a.example.org, username: you}]}"
    [server] = read(text, {"NEWSLETTER_SMTP__SERVERS__0__PASSWORD": "word"}).smtp.each()
    assert server.password is not None
    assert server.password.get_secret_value() == "word"


def test_who_has_no_password_is_known(read: Load) -> None:
    two = "smtp: {username: me, password: pass, servers: [{host: a.example.org, username: you}, {host: b.example.org}]}"
    assert read(two).smtp.users_without_password() == ["you"]
    assert read("smtp: {username: me}").smtp.users_without_password() == ["me"]
    assert read("smtp: {username: me}", {"NEWSLETTER_SMTP__PASSWORD": "pass"}).smtp.users_without_password() == []
    assert read("smtp: {username: me, type: folder}").smtp.users_without_password() == []
    assert read("smtp: {}").smtp.users_without_password() == []


def test_one_server_is_as_it_always_was(read: Load) -> None:
    config = read("smtp: {host: a.example.org}")
    assert config.smtp.each() == (config.smtp,)


def test_the_app_makes_limits_and_servers_of_it(read: Load) -> None:
    made = App(read(EVERYTHING), Database("sqlite://"))
    assert made.limits == Limits(200, 20, 0.5, {"google": 50, "xn--bcher-kva.example": None})
    assert made.warm_up == WarmUp(50, date(2026, 12, 1), 1.5, 20000, "Europe/London")
    assert made.transport().connections == 5
    assert App(read("smtp: {connections: 3}"), made.database).transport().connections == 3


def test_domains_that_count_together_have_one_rate(read: Load) -> None:
    app = App(read("delivery: {pace: {per_domain: {gmail.com: 5, googlemail.com: 6}}}"), Database("sqlite://"))
    with pytest.raises(ConfigError, match=r"gmail\.com and googlemail\.com count together"):
        _ = app.limits


def test_editions_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "newsletters:\n"
        '  one: {name: One, sender: "a@example.org", editions: {uk: {}, de: {}}}\n'
        '  two: {name: Two, sender: "a@example.org", editions: {uk: {}, de: {name: Zwei}}}\n'
    )
    app = open_app(load(tmp_path / "config.yaml", {}))
    assert app.edition("one", "uk").siblings == (("de", "One (de)"),)
    assert app.edition("two", "uk").siblings == (("de", "Zwei"),)
    app.database.close()


def test_a_wrong_day_is_told_once(tmp_path: Path) -> None:
    text = 'newsletters: {a: {name: A, sender: "a@b.org", schedule: {days: [fryday], at: "08:00", timezone: UTC}}}'
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config.yaml", {})
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/config.yaml:1: `newsletters.a.schedule.days.0`: 'fryday' is no day; write monday … sunday."
    ]

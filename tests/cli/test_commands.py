"""What every command has in common: help, errors in words, exit statuses, JSON on stdout and nothing else there."""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import pytest
from typer.testing import CliRunner

from newsletter import __version__
from newsletter.app import open_app
from newsletter.cli import MOST_COLUMNS, main
from newsletter.cli.root import cli
from newsletter.config import load
from newsletter.errors import Away
from newsletter.services.steer import start
from newsletter.store import tallies
from newsletter.transports import smtp
from tests.cli.desk import Desk
from tests.limits import FILE_BYTES, limited
from tests.smtp_sink import SILENCE, Sink, reply

COMMANDS = [
    "init", "form", "doctor", "demo", "collect", "posts", "why", "build", "issues", "show", "edit", "preview", "check",
    "send-preview", "send", "resume", "pause", "cancel", "subscribers", "serve", "worker", "schedule", "skip",
    "copy-database",
]  # fmt: skip
SUBSCRIBERS = ["add", "import", "export", "list", "show", "remove", "erase"]
REPORTING = sorted({*COMMANDS, *(f"subscribers {name}" for name in SUBSCRIBERS)} - {
    "serve", "worker", "form", "subscribers", "subscribers export"
})  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Shared: nothing here changes what another test looks at."""
    desk = Desk(tmp_path_factory.mktemp("desk")).furnish()
    assert desk.call("build", "harbour").status == 0
    return desk


def bare(screen: str) -> str:
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", screen)


def ask(*words: str) -> Any:
    return CliRunner().invoke(cli, list(words), env={"COLUMNS": "200"})


@pytest.mark.parametrize("command", [*COMMANDS, *(f"subscribers {name}" for name in SUBSCRIBERS)])
def test_every_command_explains_itself(command: str) -> None:
    told = ask(*command.split(), "--help")
    assert told.exit_code == 0
    assert "Usage: root" in told.output or "Usage: newsletter" in told.output
    assert len(told.output.splitlines()) > 5
    assert "bool" not in told.output  # a flag takes no value
    assert "[[" not in told.output


@pytest.mark.parametrize("command", REPORTING)
def test_every_command_that_reports_takes_json(command: str) -> None:
    assert "--json" in ask(*command.split(), "--help").output


def test_the_list_of_commands_is_the_real_one() -> None:
    listed = [
        info.name or info.callback.__name__.replace("_", "-") for info in cli.registered_commands if info.callback
    ]
    assert sorted([*listed, *(group.name for group in cli.registered_groups)]) == sorted(COMMANDS)


def test_the_configuration_may_be_named_behind_the_command(desk: Desk, tmp_path: Path) -> None:
    config = str(desk.folder / "config.yaml")
    for words in (
        ["issues", "--config", config],
        ["issues", f"--config={config}", "--json"],
        ["--config", config, "issues"],
    ):
        assert Desk(tmp_path).call(*words).status == 0, words
    for words in (["issues", "--config"], ["issues", "--config", "none.yaml"], ["why", "--", "--config"]):
        assert Desk(tmp_path).call(*words).status == 2, words


def test_version_and_help(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.run("--version").out == f"newsletter {__version__}\n"
    told = desk.run("--help")
    assert told.status == 0
    for word in ("init", "Set up", "Sending", "Subscribers"):
        assert word in told.out
    assert desk.run("-h").out == told.out


@pytest.mark.parametrize("said", ["5000", "9999999999", "wide"])
def test_a_terminal_is_as_wide_as_can_be(tmp_path: Path, said: str) -> None:
    told = Desk(tmp_path, environ={"COLUMNS": said, "TERMINAL_WIDTH": said}).call("--help")
    assert told.status == 0
    assert max(map(len, told.out.splitlines())) <= MOST_COLUMNS


def test_help_needs_none_of_the_heavy_libraries(tmp_path: Path) -> None:
    script = "import sys; from newsletter.cli import root; print(sorted(set(sys.modules) & {*sys.argv[1:]}))"
    heavy = [
        "fastapi",
        "uvicorn",
        "mjml",
        "markdown",
        "sqlalchemy",
        "feedparser",
        "apscheduler",
        "aiosmtplib",
        "jinja2",
        "pydantic",
    ]
    done = subprocess.run(
        [sys.executable, "-c", script, *heavy],
        env=Desk(tmp_path).environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["colect"], 2, "No such command 'colect'"),
        (["show"], 2, "Missing argument 'ISSUE'"),
        (["show", "one"], 2, "Invalid value for"),
        (["show", "0"], 2, "Invalid value for"),
        (["show", "99"], 1, "error: there is no issue 99; `newsletter issues` lists them."),
        (
            ["build", "harbor"],
            1,
            "error: there is no newsletter `harbor`. Did you mean `harbour`? config.yaml has: harbour.",
        ),
        (
            ["build", "harbour", "--edition", "neer"],
            1,
            "error: harbour has no edition `neer`. Did you mean `near`? It has: near, far.",
        ),
        (["build", "harbour", "--as-of", "friday"], 2, "write a date like 2026-11-27, or a time like"),
        (["build", "harbour", "--as-of", "0001-01-01T00:00+14:00"], 2, "write a year from 1970"),
        (["show", "99999999999999999999999"], 1, "there is no issue 99999999999999999999999"),
        (["subscribers", "list", "--edition", "nowhere"], 1, "there is no edition `nowhere`"),
        (["posts", "harbor"], 1, "Did you mean `harbour`?"),
        (["show", "1", "--deliveries", "--state", "lost"], 2, "there is no state `lost`"),
        (["send", "1", "--yes", "--wait", "soon"], 2, "'soon' is no duration"),
        (["resume", "1"], 1, "issue 1 is a draft. Use `newsletter send 1` to send it."),
        (["pause", "1"], 1, "issue 1 is a draft: nothing leaves until it is sent, so there is nothing to stop."),
        (["posts", "--last", "x"], 2, "'x' is not a whole number from 1 to 1000000."),
        (["schedule", "--next", "0"], 2, "'0' is not a whole number from 1 to 1000."),
        (["serve", "--port", "99999"], 2, "'99999' is not a whole number from 0 to 65535."),
        (["subscribers", "add", "nonsense"], 1, "has no @"),
        (["subscribers", "add", "a@example.com", "--newsletter", "x"], 1, "there is no newsletter `x`"),
        (["subscribers", "list", "--state", "actve"], 2, "Did you mean `active`?"),
        (["subscribers", "import", "nowhere.csv"], 2, "nowhere.csv: cannot be read: no such file or directory."),
        (["subscribers", "erase", "a@example.com"], 2, "say --yes"),
        (["subscribers", "remove", "a@example.com"], 1, "a@example.com was not subscribed"),
        (["send-preview", "harbor", "--to", "a@example.com"], 1, "Did you mean `harbour`?"),
        (["send-preview", "1", "--to", "nonsense"], 1, "has no @"),
        (["why", "/no/such/post"], 1, "no post like /no/such/post was collected"),
        (["serve", "--host", "256.1.1.1"], 2, "is no address of this machine"),
        (["serve", "--host", "\udcff"], 2, "is no address of this machine"),
        (["serve", "--host", "a..b"], 2, "'a..b' is no address of this machine"),
        (["--config", "elsewhere.yaml", "posts"], 2, "elsewhere.yaml: no such file. Run `newsletter init`"),
    ],
)
def test_errors_are_words_on_stderr(desk: Desk, words: list[str], status: int, said: str) -> None:
    done = desk.call(*words)
    assert (done.status, done.out) == (status, "")
    assert said in " ".join(done.err.replace("│", " ").split())


@pytest.mark.parametrize("words", [["why"], ["build"], ["posts"], ["show", "1", "--deliveries", "--state"]])
def test_what_was_given_is_not_repeated_at_length(desk: Desk, words: list[str]) -> None:
    done = desk.call(*words, "x" * 100_000)
    assert done.status in (1, 2)
    assert len(done.err) < 500


@pytest.mark.parametrize("words", [["show", "99"], ["build", "nope"], ["check", "99"], ["subscribers", "erase", "x"]])
def test_a_failing_json_command_prints_no_half_answer(desk: Desk, words: list[str]) -> None:
    done = desk.call(*words, "--json")
    assert done.status in (1, 2)
    assert done.out == ""
    assert done.err


def test_a_wrong_config_says_every_mistake(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("smpt: {}\nweb: {port: x}\n")
    done = Desk(tmp_path).call("posts", "--json")
    assert (done.status, done.out) == (2, "")
    first, second = done.err.splitlines()
    assert first.startswith("error: config.yaml:1: unknown key `smpt`")
    assert second.startswith("error: config.yaml:2: `web.port`")


def test_the_config_may_come_from_the_environment(desk: Desk, tmp_path: Path) -> None:
    away = Desk(tmp_path, environ={"NEWSLETTER_CONFIG": str(desk.folder / "config.yaml")})
    assert len(away.call("posts", "--json").json) == 4


def test_a_database_that_cannot_be_used_is_said_in_words(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    for database in ("sqlite:///blog", "mysql://x/y", "nonsense", "postgresql+psycopg://nobody@127.0.0.1:1/none"):
        desk.environ = {"NEWSLETTER_DATABASE": database}
        done = desk.call("posts")
        wrong_config = database in ("mysql://x/y", "nonsense")
        assert (done.status, done.out) == (2 if wrong_config else 1, "")
        assert done.err.startswith("error: ")
    (tmp_path / "words.db").write_text("This is no database, but it is long enough to be looked at." * 20)
    desk.environ = {"NEWSLETTER_DATABASE": "sqlite:///words.db"}
    assert "words.db: the file that `database` names is no SQLite database; name another." in desk.call("posts").err
    findings = desk.call("doctor", "--json").json["findings"]
    [wrong] = [one for one in findings if one["area"] == "database"]
    assert (wrong["level"], "name another" in wrong["message"]) == ("error", True)
    assert {"config", "templates", "mail server"} <= {one["area"] for one in findings}


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process may grow, which fails as a full disk does."""
    with limited(FILE_BYTES, 0):
        yield


def test_where_the_disk_is_full_is_said(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    desk, empty = Desk(tmp_path / "desk"), Desk(tmp_path / "empty")
    desk.folder.mkdir()
    empty.folder.mkdir()
    desk.furnish()
    request.getfixturevalue("full_disk")
    posts, init = desk.call("posts"), empty.call("init")
    assert (posts.status, init.status) == (1, 1)
    assert f"{desk.folder}/subscribers.db: " in posts.err
    assert "make room" in posts.err
    assert init.err.startswith("error: config.yaml: cannot be written: ")
    assert list(empty.folder.iterdir()) == []  # nothing half written that the next `init` would keep


class Unreadable(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("command", ["import", "remove"])
def test_a_stream_that_cannot_be_read_is_named(desk: Desk, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Unreadable())))
    done = desk.call("subscribers", command, "-")
    assert done.status == 2
    assert done.err.startswith("error: stdin: cannot be read: input/output error.")


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    if not os.access("/dev/full", os.W_OK):
        return
    desk = Desk(tmp_path).furnish()
    desk.call("collect")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            desk.command("posts", "--json"),
            cwd=tmp_path,
            env=desk.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == "error: no space left on device.\n"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--version"], 0),
        (["--help"], 0),
        (["issues"], 0),
        (["subscribers", "list"], 0),
        (["subscribers", "export"], 0),
        (["show", "1"], 0),
        (["posts", "--json"], 0),
        (["show", "99"], 1),
        (["subscribers", "import", "-"], 1),
        (["subscribers", "remove", "-"], 1),
    ],
)
def test_streams_that_are_closed_take_and_give_nothing(
    desk: Desk, words: list[str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)
    monkeypatch.setattr(sys, "argv", ["newsletter", *words])
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    with pytest.raises(SystemExit) as left:
        main()
    assert (left.value.code or 0) == status


def test_a_reader_who_stops_reading_causes_no_noise(desk: Desk) -> None:
    shell = f"{' '.join(desk.command('posts', '--json'))} | head -n 1"
    done = subprocess.run(["sh", "-c", shell], cwd=desk.folder, env=desk.environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[\n", "")


@pytest.mark.parametrize("words", [["issues"], ["send", "99", "--yes"]], ids=["done", "refused"])
def test_a_command_leaves_no_log_beside_the_database(tmp_path: Path, words: list[str]) -> None:
    desk = Desk(tmp_path).furnish()
    subprocess.run(desk.command(*words), cwd=tmp_path, env=desk.environment, capture_output=True)
    assert [path.name for path in tmp_path.glob("subscribers.db*")] == ["subscribers.db"]


def test_debug_shows_where_it_happened(tmp_path: Path) -> None:
    desk = Desk(tmp_path, environ={"NEWSLETTER_DEBUG": "1", "NEWSLETTER_DATABASE": "sqlite:///x.db"}).furnish()
    (tmp_path / "x.db").mkdir()
    done = subprocess.run(desk.command("posts"), cwd=tmp_path, env=desk.environment, capture_output=True, text=True)
    assert done.returncode == 1


def test_json_has_no_colours_and_text_from_outside_no_escapes(tmp_path: Path) -> None:
    desk = Desk(tmp_path, environ={"FORCE_COLOR": "1"}).furnish()
    post = tmp_path / "blog" / "_posts" / "2026-06-05-evil.md"
    post.write_text('---\ntitle: "Evil \\e[31mred\\e]0;title\\a"\n---\nWords, and more words.\n')
    desk.call("collect")
    assert "\x1b" not in desk.call("posts", "--json").out
    desk.environ = {}
    assert "\x1b" not in desk.call("posts").out


def test_empty_states_tell_the_next_step(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    assert "No posts yet. newsletter collect reads the sources." in desk.call("posts").out
    assert "No issues yet. newsletter build harbour makes one." in desk.call("issues").out
    assert "No subscribers yet." in desk.call("subscribers", "list").out
    assert desk.call("subscribers", "list", "--json").json == []
    assert desk.call("issues", "--json").json == []


def test_a_new_database_is_told_of_once(tmp_path: Path) -> None:
    """A slip in its name would look as if all readers were gone."""
    desk = Desk(tmp_path).furnish()
    made = desk.call("subscribers", "list", "--json")
    assert "A new database was made: sqlite:///" in made.err.replace("\n", "")
    assert made.json == []
    assert desk.call("subscribers", "list").err == ""


def test_a_preview_waits_for_a_silent_server_as_long_as_a_person_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = replace(smtp.HURRIED, greeting=0.3)
    monkeypatch.setattr(smtp, "HURRIED", quick)
    with Sink() as sink:
        sink.fail("greeting", SILENCE)
        desk = Desk(tmp_path, sink.port).furnish()
        done = desk.call("send-preview", "harbour", "--to", "me@example.com")
    assert done.status == 1
    assert "no answer within 0.3 seconds" in done.err
    assert "newsletter doctor" in done.err


def test_a_preview_of_what_may_not_go_out_says_so(tmp_path: Path) -> None:
    with Sink() as sink:
        desk = Desk(tmp_path, sink.port).furnish()
        templates = tmp_path / "templates" / "email"
        templates.mkdir(parents=True)
        (templates / "digest.txt").write_text("{{ subject }}, and no way out")
        desk.call("build")
        sent = desk.call("send-preview", 1, "--to", "me@example.com")
    assert sent.status == 0
    assert "It may not go out like this: The text part has no unsubscribe link." in " ".join(sent.err.split())
    assert "newsletter check 1 tells all." in " ".join(sent.err.split())


def test_the_only_newsletter_need_not_be_named(tmp_path: Path) -> None:
    with Sink() as sink:
        desk = Desk(tmp_path, sink.port).furnish()
        assert desk.call("build", "--json").json["issues"][0]["newsletter"] == "harbour"
        assert desk.call("send-preview", "--to", "me@example.com").status == 0
    config = (tmp_path / "config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(f'{config}  second: {{name: Second, sender: "b@example.org"}}\n')
    refused = desk.call("build")
    assert (refused.status, refused.err) == (2, "error: which newsletter? Name one of: harbour, second.\n")
    assert "'harbour' is not an issue's number" in desk.call("show", "harbour").err


def test_what_a_source_warns_of_is_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    (tmp_path / "blog" / "_config.yml").write_text("title: Harbour\n")
    assert "warning: blog: _config.yml names no `url`" in desk.call("build", "harbour").err
    assert "stories have no web address" in desk.call("check", 1, "--offline").out


def test_an_erased_reader_comes_back_when_the_operator_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    slip = desk.call("subscribers", "erase", "tpyo@example.com", "--yes")
    assert (slip.status, "nothing was changed" in slip.err) == (1, True)
    assert desk.call("subscribers", "add", "tpyo@example.com", "--active").status == 0
    assert desk.call("subscribers", "erase", "tpyo@example.com", "--yes").status == 0
    refused = desk.call("subscribers", "add", "tpyo@example.com")
    assert (refused.status, "--again" in refused.err) == (1, True)
    assert desk.call("subscribers", "add", "tpyo@example.com", "--again", "--active").status == 2
    assert desk.call("subscribers", "add", "tpyo@example.com", "--again", "--json").json["state"] == "pending"


def test_a_login_without_a_password_starts_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, 9, {"NEWSLETTER_SMTP__USERNAME": "me"}).furnish()
    desk.call("subscribers", "add", "ann@example.com", "--active")
    assert desk.call("build", "harbour", "--edition", "near").status == 0
    refused = desk.call("send", 1, "--yes")
    assert refused.status == 2
    assert "`smtp.username` is me, and there is no password. Set NEWSLETTER_SMTP__PASSWORD" in refused.err
    assert desk.call("show", 1, "--json").json["state"] == "draft"


def test_a_folder_that_is_a_file_starts_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, environ={"NEWSLETTER_SMTP__TYPE": "folder", "NEWSLETTER_SMTP__PATH": "blog/_config.yml"})
    desk.furnish().call("subscribers", "add", "ann@example.com", "--active")
    assert desk.call("build", "harbour", "--edition", "near").status == 0
    refused = desk.call("send", 1, "--yes")
    assert refused.status == 2
    assert f"`smtp.path`: {tmp_path / 'blog' / '_config.yml'} is no folder. Write the path of a folder." in refused.err
    assert desk.call("show", 1, "--json").json["state"] == "draft"


def test_an_import_says_whom_it_unsubscribed(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    for name in ("ann", "bob", "cy"):
        desk.call("subscribers", "add", f"{name}@example.com", "--active")
    (tmp_path / "one.csv").write_text("email,status\nann@example.com,unsubscribed\nbob@example.com,cleaned\n")
    said = desk.call("subscribers", "import", "one.csv").out
    assert "0 added, 2 updated" in said
    assert "2 readers of yours left: unsubscribed here too" in said
    (tmp_path / "two.csv").write_text("email,status\ncy@example.com,unsubscribed\ndan@example.com,unsubscribed\n")
    told = desk.call("subscribers", "import", "two.csv", "--json").json
    assert told == {
        "added": 1, "updated": 1, "unchanged": 0, "left": 1, "waiting": 0, "unplaced": 1, "unsubscribed": 1, "asked": 0,
        "refused_count": 0, "refused": [], "odd_states": {}, "odd_dates": {}, "left_alone": [],
    }  # fmt: skip
    (tmp_path / "three.csv").write_text("email,status,since\neve@example.com,Lapsed,03/04/2021\n")
    said = desk.call("subscribers", "import", "three.csv").out
    assert "1 line has the state “lapsed”, which is not known here: nothing is sent to them until they confirm" in said
    told = desk.call("subscribers", "import", "three.csv", "--json").json
    assert (told["odd_states"], told["odd_dates"]) == ({"lapsed": 1}, {"03/04/2021": 1})
    assert "1 line has a date that cannot be right, or be read, like “03/04/2021”: taken as today" in said


def test_an_import_says_who_was_not_asked_to_confirm(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    (tmp_path / "one.csv").write_text("email,status\nann@example.com,pending\nbob@example.com,active\n")
    said = desk.call("subscribers", "import", "one.csv").out
    assert "1 of them has to confirm before anything is sent to them; the same import with --confirm asks them." in said
    asked = desk.call("subscribers", "import", "one.csv", "--confirm").out
    assert "1 reader will be asked to confirm" in asked
    assert "to confirm before" not in asked


def test_an_export_is_whole_or_not_there_and_its_owners_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert desk.call("subscribers", "export", "--out", "mine.csv").status == 0
    assert stat.S_IMODE((desk.folder / "mine.csv").stat().st_mode) == 0o600
    assert stat.S_IMODE((desk.folder / "subscribers.db").stat().st_mode) == 0o600

    for trouble, status, words in (
        (OSError(errno.ENOSPC, "No space left on device"), 2, "half.csv: cannot be written: no space left on device"),
        (Away("the database is locked."), 1, "the database is locked"),
        (KeyboardInterrupt(), 130, ""),
    ):

        def fails(database: object, file: TextIO, newsletter: str | None, trouble: BaseException = trouble) -> int:
            file.write("email,name\n")
            raise trouble

        monkeypatch.setattr("newsletter.services.readers.export", fails)
        failed = desk.call("subscribers", "export", "--out", "half.csv")
        assert (failed.status, words in failed.err) == (status, True)
        assert not [file.name for file in desk.folder.iterdir() if "half" in file.name]


def test_a_folder_of_templates_that_is_named_and_missing_is_told(tmp_path: Path) -> None:
    """Else readers would get a mail that looks other than the operator made it."""
    desk = Desk(tmp_path).furnish()
    config = desk.folder / "config.yaml"
    config.write_text("templates: tmplates\n" + config.read_text())
    failed = desk.call("build")
    assert (failed.status, "`templates: tmplates`: there is no such folder" in failed.err) == (2, True)
    assert "there is no such folder" in desk.call("doctor").out
    (desk.folder / "tmplates").mkdir()
    assert desk.call("build").status == 0


def test_an_export_writes_over_no_file(desk: Desk) -> None:
    assert desk.call("subscribers", "export", "--out", "new.csv").status == 0
    (desk.folder / "readers.csv").write_text("email\nann@example.com\n")
    refused = desk.call("subscribers", "export", "--out", "readers.csv")
    assert refused.status == 2
    assert "readers.csv is there already" in refused.err
    assert (desk.folder / "readers.csv").read_text() == "email\nann@example.com\n"


def test_subscribers_come_and_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    assert desk.call("subscribers", "add", "Ann@Example.com", "--name", "Ann", "--json").json["state"] == "pending"
    active = desk.call("subscribers", "add", "bob@example.com", "--active", "--edition", "far", "--json").json
    assert (active["email"], active["edition"], active["state"]) == ("bob@example.com", "far", "active")
    (tmp_path / "list.csv").write_text("email\ncy@example.com\nnot an address\n\n")
    report = desk.call(
        "subscribers", "import", "list.csv", "--newsletter", "harbour", "--edition", "near", "--json"
    ).json
    assert (report["added"], report["updated"], report["unchanged"]) == (1, 0, 0)
    assert [(one["line"], one["value"]) for one in report["refused"]] == [(3, "not an address")]
    listed = desk.call("subscribers", "list", "--json").json
    assert [(one["email"], one["state"]) for one in listed] == [
        ("ann@example.com", "pending"), ("bob@example.com", "active"), ("cy@example.com", "active")
    ]  # fmt: skip
    assert set(listed[0]) == {"email", "name", "newsletter", "edition", "state", "since"}
    assert len(desk.call("subscribers", "list", "--state", "active", "--json").json) == 2
    assert desk.call("subscribers", "export").out.splitlines()[0].startswith("email,")
    bob = desk.call("subscribers", "show", "bob@example.com", "--json").json
    assert [(one["action"], one["edition"], one["method"]) for one in bob["consents"]] == [("added", "far", "operator")]
    assert "harbour, edition far: active since" in desk.call("subscribers", "show", "bob@example.com").out
    removed = desk.run("subscribers", "remove", "-", "--json", stdin="no address\nbob@example.com\nzoe@example.com\n")
    [refused] = removed.json["refused"]
    assert removed.status == 0
    assert removed.json == {
        "unsubscribed": ["bob@example.com"], "not_subscribed": ["zoe@example.com"], "refused": [refused]
    }  # fmt: skip
    assert refused["value"] == "no address"
    assert refused["reason"] in removed.err
    assert desk.call("subscribers", "remove", "no address").status == 1
    assert "no address came in" in desk.run("subscribers", "remove", "-").err
    assert desk.call("subscribers", "import", "list.csv", "--json").json["unchanged"] == 1
    assert desk.call("subscribers", "erase", "cy@example.com", "--yes", "--json").json == {"erased": "cy@example.com"}
    assert desk.call("subscribers", "import", "list.csv", "--json").json["added"] == 0
    assert desk.call("subscribers", "add", "cy@example.com", "--active").status == 1


def test_add_sends_the_mail_that_asks_at_once(tmp_path: Path) -> None:
    with Sink() as sink:
        desk = Desk(tmp_path, sink.port).furnish()
        ann = desk.call("subscribers", "add", "ann@example.com", "--json").json
        assert (ann["state"], ann["asked"]) == ("pending", "sent")
        assert (
            "was asked to confirm within the last day already" in desk.call("subscribers", "add", "ann@example.com").out
        )
        assert sink.recipients == {"ann@example.com": 1}
        sink.fail("RCPT", reply(550, "5.1.1 nobody here"), to="gone@example.com")
        gone = desk.call("subscribers", "add", "gone@example.com", "--json").json
        assert gone["asked"] == "failed"
        assert desk.call("subscribers", "add", "bob@example.com", "--active", "--json").json["asked"] is None
        desk.call("subscribers", "remove", "bob@example.com")
        assert "bob@example.com is asked to confirm" in desk.call("subscribers", "add", "bob@example.com").out


def test_add_says_that_the_mail_waits_while_the_server_is_away(tmp_path: Path) -> None:
    with Sink() as sink:
        pass
    desk = Desk(tmp_path, sink.port).furnish()
    said = desk.call("subscribers", "add", "ann@example.com")
    assert (said.status, "could not go out yet" in said.out, "newsletter worker" in said.out) == (0, True, True)
    assert desk.call("subscribers", "add", "ann@example.com", "--json").json["asked"] == "queued"


def test_import_says_how_many_are_asked_and_what_sends_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    (tmp_path / "list.csv").write_text("email\nann@example.com\nbob@example.com\n")
    said = desk.call("subscribers", "import", "list.csv", "--confirm").out
    assert "2 readers will be asked to confirm: newsletter serve or newsletter worker sends the mails." in said
    assert "asked" not in desk.call("subscribers", "import", "list.csv", "--confirm").out


def test_a_name_is_one_line_and_an_empty_choice_is_no_empty_list(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    name = "Eve\r\nBcc: all@example.com \u202e"
    added = desk.call("subscribers", "add", "eve@example.com", "--active", "--name", name, "--json").json
    assert added["name"] == "Eve Bcc: all@example.com"
    assert "No subscriptions like that" in desk.call("subscribers", "list", "--state", "pending").out


def test_the_schedule_shows_zone_and_offset(desk: Desk) -> None:
    runs = desk.call("schedule", "--next", 4, "--json").json
    assert len(runs) == 4
    assert [run["utc"] for run in runs] == sorted(run["utc"] for run in runs)
    assert {run["timezone"] for run in runs} == {"Europe/London", "Asia/Kathmandu"}
    far = next(run for run in runs if run["edition"] == "far")
    assert (far["offset"], far["at"][10:]) == ("+05:45", "T12:00:00+05:45")
    told = desk.call("schedule").out
    assert "+05:45" in told
    assert "Asia/Kathmandu" in told


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_a_terminal_that_knows_few_letters_stops_no_command(desk: Desk, encoding: str) -> None:
    other = Desk(desk.folder, environ={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    for words in (["doctor"], ["check", 1], ["show", 1], ["posts"]):
        done = subprocess.run(other.command(*words), cwd=desk.folder, env=other.environment, capture_output=True)
        assert b"should not have happened" not in done.stderr
        assert done.returncode == (1 if words == ["doctor"] else 0), done.stderr
        assert done.stdout


def test_what_a_program_reads_is_utf_8_whatever_a_terminal_would_show(tmp_path: Path) -> None:
    desk = Desk(tmp_path, environ={"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}).furnish()
    (tmp_path / "list.csv").write_text("email,name\nzoe@example.com,Zoë 新\n", "utf-8")
    desk.call("subscribers", "import", "list.csv")
    for words in (
        ["subscribers", "export"],
        ["subscribers", "list", "--json"],
        ["subscribers", "show", "zoe@example.com", "--json"],
    ):
        done = subprocess.run(desk.command(*words), cwd=tmp_path, env=desk.environment, capture_output=True)
        assert "Zoë 新" in done.stdout.decode("utf-8"), words


def test_doctor_finds_what_is_wrong(desk: Desk) -> None:
    done = desk.call("doctor", "--json")
    assert (done.status, done.json["healthy"]) == (1, False)  # nothing listens where the mails should go
    wrong = [finding for finding in done.json["findings"] if finding["level"] == "error"]
    assert [finding["area"] for finding in wrong] == ["mail server"]
    assert all(finding["remedy"] for finding in wrong)
    told = Desk(desk.folder, environ={"NEWSLETTER_COLOUR": "1"}).call("doctor")
    assert "NEWSLETTER_COLOUR is no key of config.yaml" in told.out


class Terminal:
    """A command line with a person in front of it."""

    def __init__(self, desk: Desk, *words: object) -> None:
        self._end, theirs = pty.openpty()
        self.process = subprocess.Popen(
            desk.command(*words), cwd=desk.folder, env=desk.environment, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.screen = ""

    def read_until(self, words: str) -> None:
        until = time.monotonic() + 30
        while words not in self.screen and time.monotonic() < until:
            self.screen += self._chunk()
        assert words in self.screen

    def type(self, words: str) -> None:
        os.write(self._end, f"{words}\n".encode())

    def finish(self) -> int:
        while chunk := self._chunk():
            self.screen += chunk
        os.close(self._end)
        return self.process.wait(30)

    def _chunk(self) -> str:
        try:
            return os.read(self._end, 4096).decode("utf-8", "replace")
        except OSError:
            return ""


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[Desk]:

    with Sink() as sink:
        desk = Desk(tmp_path, sink.port).furnish()
        desk.call("build", "harbour", "--edition", "near")
        (tmp_path / "list.csv").write_text("email\nann@example.com\nbob@example.com\n")
        desk.call("subscribers", "import", "list.csv")
        yield desk


def test_a_person_types_the_number_of_recipients(listed: Desk) -> None:
    wrong = Terminal(listed, "send", 1)
    wrong.read_until("Type the number of recipients (2)")
    wrong.type("yes")
    assert wrong.finish() == 1
    assert "nothing was sent" in wrong.screen
    right = Terminal(listed, "send", 1)
    right.read_until("Type the number of recipients (2)")
    right.type("2")
    assert right.finish() == 0
    assert "2 recipients: 2 sent" in right.screen.replace("\x1b[32m", "").replace("\x1b[0m", "")


def test_a_person_is_asked_before_readers_lose_an_issue_for_good(listed: Desk) -> None:
    app = open_app(load(listed.folder / "config.yaml", {}))
    start(app.database, 1, app.clock())
    app.database.close()
    no = Terminal(listed, "cancel", 1)
    no.read_until("Type")
    assert "2 recipients of issue 1 still wait for it" in " ".join(no.screen.split())
    no.type("y")
    assert no.finish() == 1
    assert "nothing was cancelled" in no.screen
    assert listed.call("show", 1, "--json").json["state"] == "sending"
    yes = Terminal(listed, "cancel", 1)
    yes.read_until("Type")
    yes.type("yes")
    assert yes.finish() == 0
    assert listed.call("show", 1, "--json").json["state"] == "cancelled"


def test_a_person_types_the_number_for_an_issue_with_a_time_of_its_own_too(listed: Desk) -> None:
    terminal = Terminal(listed, "send", 1, "--at", "2126-12-06 09:00")
    terminal.read_until("Type the number of recipients (2)")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", " ".join(terminal.screen.split()))
    assert "goes to 2 recipients on Fri 6 Dec 2126 09:00 GMT" in plain
    terminal.type("2")
    assert terminal.finish() == 0
    assert listed.call("show", 1, "--json").json["state"] == "scheduled"


def test_a_draft_that_is_built_anew_while_a_person_types_is_not_sent(listed: Desk) -> None:
    terminal = Terminal(listed, "send", 1)
    terminal.read_until("Type the number of recipients (2)")
    (listed.folder / "blog/_posts/2026-06-03-gulls.md").unlink()
    assert listed.call("build", "harbour", "--edition", "near").status == 0
    terminal.type("2")
    assert terminal.finish() == 1
    assert "built anew since it was checked" in " ".join(terminal.screen.split())
    assert listed.call("show", 1, "--json").json["state"] == "draft"


def test_who_would_send_to_nobody_keeps_the_draft(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    desk.call("build", "harbour")
    terminal = Terminal(desk, "send", 1)
    assert terminal.finish() == 1
    assert "nobody reads harbour, edition near, yet: nothing was sent" in " ".join(terminal.screen.split())
    assert desk.call("show", 1, "--json").json["state"] == "draft"


def test_serve_tells_a_person_where_to_look(tmp_path: Path) -> None:
    terminal = Terminal(Desk(tmp_path).furnish(), "serve", "--port", 0)
    terminal.read_until("Ctrl-C stops; nothing is lost.")
    assert "/subscribe/harbour" in terminal.screen
    assert "NEWSLETTER_WEB__PASSWORD" in terminal.screen
    assert "harbour, edition far: Fri " in terminal.screen or "harbour, edition near: Fri " in terminal.screen
    terminal.process.terminate()
    assert terminal.finish() == 0


def test_a_person_sees_what_a_delivery_waits_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path, environ={"TERM": "xterm"}).furnish()
    desk.call("build", "harbour")
    desk.call("subscribers", "add", "a@example.com", "--active")
    terminal = Terminal(desk, "send", 1, "--yes")
    terminal.read_until("127.0.0.1:9: connection refused. Ctrl-C stops, nothing is lost.")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.finish() == 130
    assert "Stopped; newsletter resume 1 goes on." in bare(terminal.screen)


def test_who_stops_sending_is_told_that_serve_goes_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path, environ={"TERM": "xterm"}).furnish()
    desk.call("build", "harbour")
    desk.call("subscribers", "add", "a@example.com", "--active")
    with open_app(load(desk.folder / "config.yaml", {})).database.write() as connection:
        tallies.beat(connection, "somebody", "serve", datetime.now(UTC))
    terminal = Terminal(desk, "send", 1, "--yes")
    terminal.read_until("127.0.0.1:9: connection refused. Ctrl-C stops, nothing is lost.")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.finish() == 130
    told = " ".join(bare(terminal.screen).split())
    assert "Stopped here, and newsletter serve, which is running, goes on with it at once: newsletter pause 1" in told


def test_json_is_all_that_stands_on_stdout(listed: Desk) -> None:
    for words in (
        ["collect"],
        ["issues"],
        ["show", 1],
        ["check", 1, "--offline"],
        ["posts"],
        ["schedule"],
        ["why", "2026-06-03-gulls.md"],
    ):
        json.loads(listed.call(*words, "--json").out)

"""A folder with a small Jekyll site and a config.yaml, and the command line to run in it as a real process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import typer.main

from newsletter.cli import main

REPOSITORY = Path(__file__).parents[2]
_command = cache(typer.main.get_command)  # reads the signatures of all commands, whichever is called

CONFIG = """\
site: {{name: The Harbour Light, url: "https://letters.example.org"}}
smtp: {{port: {port}}}
delivery: {{retry_first: 200ms, retry_most: 1s}}
newsletters:
  harbour:
    name: Harbour Light
    sender: "Harbour Light <light@example.org>"
    postal_address: 1 Pier Road, Saltby
    schedule: {{days: [friday], at: "08:00", timezone: Europe/London}}
    lookback: 3650d
    sources:
      - {{type: jekyll, path: blog}}
    editions:
      near: {{}}
      far: {{schedule: {{days: [friday], at: "12:00", timezone: Asia/Kathmandu}}}}
"""

_FERRY = "She left at dawn without a soul on the bridge, and came back on time."
POSTS = {
    "2026-06-01-crane.md": (
        "Harbour crane learns to wave",
        "Technology",
        "Its long jib swings at every passing child.",
    ),
    "2026-06-02-breaking-ferry.md": ("Breaking: Ferry sails itself", "Technology", _FERRY),
    "2026-06-02-update-ferry.md": ("Update: Ferry sails itself", "Technology", _FERRY),
    "2026-06-03-gulls.md": (
        "Gulls [bold]outwit[/] {{ 7*7 }} drones",
        "Nature",
        "They follow each one home for its lunch.",
    ),
}


@dataclass
class Result:
    """What a run printed, and how it left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """`environ` is laid over the real one; `port` is where mails go."""

    folder: Path
    port: int = 9
    environ: dict[str, str] = field(default_factory=dict)

    def furnish(self) -> Desk:
        """Writes the site and the configuration."""
        posts = self.folder / "blog" / "_posts"
        posts.mkdir(parents=True)
        (self.folder / "blog" / "_config.yml").write_text('title: Harbour\nurl: "https://harbour.example.org"\n')
        for name, (title, category, words) in POSTS.items():
            front = f'---\ntitle: "{title}"\ncategories: [{category}]\n---\n'
            (posts / name).write_text(f"{front}{words}\n")
        (posts / "2026-06-04-broken.md").write_text("---\ntitle: [unclosed\n---\nWords.\n")
        self.configure()
        return self

    def configure(self) -> None:
        (self.folder / "config.yaml").write_text(CONFIG.format(port=self.port))

    def enlist(self, **readers: str) -> None:
        """Imports a reader for each edition that is named, by the name before the @ of `example.com`."""
        lines = "".join(f"{name}@example.com,{edition}\n" for edition, name in readers.items())
        (self.folder / "enlisted.csv").write_text(f"email,edition\n{lines}")
        assert self.call("subscribers", "import", "enlisted.csv").status == 0

    def command(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "newsletter", *map(str, words)]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
        return {**kept, "PYTHONPATH": str(REPOSITORY), "TERM": "dumb", "COLUMNS": "200", **self.environ}

    def run(self, *words: object, stdin: str = "") -> Result:
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            text=True,
            capture_output=True,
            timeout=60,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def call(self, *words: object) -> Result:
        """The same without a process of its own, where what matters is what it says."""
        return self._call(words, io.StringIO(), io.StringIO())

    def screen(self, *words: object, columns: int = 80) -> list[str]:
        """The lines that a terminal so wide shows of it, without colours."""
        both = Screen()
        there = Desk(self.folder, self.port, {**self.environ, "TERM": "xterm", "COLUMNS": str(columns)})
        there._call(words, both, both)
        return both.lines()

    def _call(self, words: tuple[object, ...], out: io.StringIO, err: io.StringIO) -> Result:
        arguments = ["newsletter", *map(str, words)]
        with (
            mock.patch.object(sys, "argv", arguments),
            mock.patch("typer.main.get_command", _command),
            mock.patch.dict(os.environ, self.environment, clear=True),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as left:
                return Result(left.code if isinstance(left.code, int) else 0, out.getvalue(), err.getvalue())
        raise AssertionError("main always leaves by SystemExit")

    def start(self, *words: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*words), cwd=self.folder, env=self.environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


class Screen(io.StringIO):
    """Takes itself for a terminal."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What can be read there, without colours."""
        return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue()).splitlines()]

"""The script that the guide gives to cron, as it stands there, in a shell."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.desk import REPOSITORY, Desk
from tests.smtp_sink import Sink

pytestmark = pytest.mark.slow
GUIDE = (REPOSITORY / "docs" / "guide" / "running.md").read_text("utf-8")


def test_the_guides_script_for_cron_sends_what_is_new_and_then_nothing(tmp_path: Path, sink: Sink) -> None:
    desk = Desk(tmp_path, sink.port).furnish()
    (tmp_path / "list.csv").write_text("email,edition\nann@example.org,near\nbob@example.org,far\n")
    assert desk.call("subscribers", "import", "list.csv").status == 0
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, command in (("newsletter", desk.command()), ("python", [sys.executable])):
        (programs / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        (programs / name).chmod(0o755)
    found = re.search(r"```sh\n(#!/bin/sh\n.*?)```", GUIDE, re.DOTALL)
    assert found
    script = found[1].replace("/srv/newsletter", str(tmp_path)).replace("build weekly", "build harbour")
    (tmp_path / "weekly.sh").write_text(script)
    for _ in ("the first week", "one without news"):
        ran = subprocess.run(
            ["/bin/sh", tmp_path / "weekly.sh"], env=desk.environment, capture_output=True, text=True, timeout=120
        )
        assert ran.returncode == 0, ran.stderr
        assert sorted(sink.recipients) == ["ann@example.org", "bob@example.org"]
        assert set(sink.recipients.values()) == {1}

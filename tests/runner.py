"""Another process that looks after schedules: `python -m tests.runner CONFIG NOW [die]`, for tests/test_schedule.py.

`die` names the step behind which the process kills itself without a word.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from newsletter import schedule
from newsletter.app import open_app
from newsletter.config import load
from newsletter.services import run as runs
from newsletter.services.tallying import new_name


def main() -> None:
    config, now, *steps = sys.argv[1:]
    app = open_app(load(Path(config), {}), clock=lambda: datetime.fromisoformat(now))
    for step in steps:
        _die_behind(step)
    print("ready", flush=True)
    sys.stdin.readline()
    for run in schedule.tick(app, new_name()):
        print(run.newsletter, run.edition, run.occurrence.local_date, run.state, run.issue, flush=True)


def _die_behind(step: str) -> None:
    real: Any = getattr(runs, step) if step != "remember" else runs.runs.remember

    def fatal(*given: Any, **named: Any) -> Any:
        real(*given, **named)
        if step != "remember":
            os.kill(os.getpid(), signal.SIGKILL)
        return _commit_and_die(given[0])

    if step == "remember":
        runs.runs.remember = fatal
    else:
        setattr(runs, step, fatal)


def _commit_and_die(connection: Any) -> None:
    connection.commit()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()

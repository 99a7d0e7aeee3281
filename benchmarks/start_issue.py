"""`python -m benchmarks.start_issue CONFIG ISSUE`: starts a draft as `newsletter send` does, sends nothing.

Prints the seconds that the start took by the clock and of the processor, without Python's own.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from newsletter.app import open_app
from newsletter.config import load
from newsletter.services.steer import start

if __name__ == "__main__":
    app = open_app(load(Path(sys.argv[1]), os.environ))
    began, spent = time.perf_counter(), time.process_time()
    start(app.database, int(sys.argv[2]), app.clock())
    print(time.perf_counter() - began, time.process_time() - spent)

"""Machines of a cluster, each a `newsletter worker` of its own, and the wires between them, which can be cut."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url

ROOT = Path(__file__).parents[1]
CONFIG = """\
site: {{name: Tech, url: "https://news.example.org"}}
database: "{database}"
smtp: {{host: 127.0.0.1, port: {port}, connections: {connections}}}
delivery: {{retry_first: 300ms, retry_most: 1s}}
newsletters:
  tech:
    name: Tech
    sender: "Tech <hello@example.org>"
    postal_address: 1 Pier Road, Saltby
    editions:
      uk: {{}}
"""


class Machine:
    """A worker's process; what it says is in `log`."""

    def __init__(self, folder: Path, database: str, smtp_port: int, connections: int = 8) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        self.config = folder / "config.yaml"
        self.config.write_text(CONFIG.format(database=database, port=smtp_port, connections=connections), "utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Machine:
        self.process = self.run("worker")
        return self

    def run(self, *words: str) -> subprocess.Popen[bytes]:
        """A command on this machine."""
        command = [sys.executable, "-m", "newsletter", "--config", str(self.config), *words]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
            )

    def signal(self, number: int) -> None:
        assert self.process
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a power cut does."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(20)

    def stop(self, seconds: float = 40) -> int:
        """As an operator does; its exit status."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


class Wire:
    """A port on loopback that leads to a server's address (host and port, or the path of a unix socket).

    `cut` closes what is open and lets nobody in, until `mend`.
    """

    def __init__(self, to: tuple[str, int] | str) -> None:
        self._to = to
        self._cut = threading.Event()
        self._ends: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._cut.set()
        ends, self._ends = self._ends, []
        for end in ends:
            _close(end)

    def mend(self) -> None:
        self._cut.clear()

    def close(self) -> None:
        self.cut()
        _close(self._listening)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                if self._cut.is_set():
                    _close(near)
                    continue
                far = self._reach()
                self._ends += [near, far]
                for start, end in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=(start, end), daemon=True).start()

    def _reach(self) -> socket.socket:
        if isinstance(self._to, str):
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._to)
            return far
        return socket.create_connection(self._to)


def over(wire: Wire, database: str) -> str:
    """The address of a database, as it is reached over a wire."""
    url = make_url(database).set(host="127.0.0.1", port=wire.port, query={})
    return url.render_as_string(hide_password=False)


def socket_of(database: str) -> str:
    """The unix socket of a database's server."""
    return f"{make_url(database).query['host']}/.s.PGSQL.5432"


def _carry(start: socket.socket, end: socket.socket) -> None:
    with suppress(OSError):
        while data := start.recv(65536):
            end.sendall(data)
    _close(start)
    _close(end)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()

"""A real Postfix of the tests' own: made in a temporary folder, on the loopback, gone afterwards. It delivers nothing:

whatever it accepts stays in its queue, held, and the queue is the witness.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.org
mydestination =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_data_restrictions = check_client_access static:HOLD
smtpd_client_restrictions = {restrictions}
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
relay unix - - n - - smtp
local unix - n n - - local
showq unix n - n - - showq
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """`port` stays the same from start to start."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    def start(self) -> None:
        log = self.folder / "log"
        log.touch()
        log.chmod(0o666)  # some of its programs are another user by the time they open it
        self._command("postfix", "start")
        self._wait()

    def stop(self) -> None:
        """As an operator does; sessions end with it."""
        self._command("postfix", "stop")

    def queue(self) -> Counter[str]:
        """How many messages lie there for each recipient."""
        listed = self._command("postqueue", "-j")
        mails = [json.loads(line) for line in listed.splitlines()]
        return Counter(recipient["address"] for mail in mails for recipient in mail["recipients"])

    def _command(self, name: str, *words: str) -> str:
        command = [name, "-c", str(self.folder / "etc"), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        log = self.folder / "log"
        assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")
        return done.stdout

    def _wait(self) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as talk:
                    assert talk.recv(100).startswith(b"220")
                    talk.sendall(b"QUIT\r\n")
                    return
            except OSError:
                assert time.monotonic() < until, (self.folder / "log").read_text()
                time.sleep(0.05)


@contextmanager
def server(restrictions: str = "") -> Iterator[Postfix]:
    """A running Postfix with these `smtpd_client_restrictions`; skips where there is none, or no right to run one."""
    if shutil.which("postfix") is None:
        pytest.skip("postfix is missing; scripts/system-packages.sh says how to install it")
    if os.geteuid() != 0:
        pytest.skip("Postfix is started by root only")
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    for name, owner in (("etc", "root"), ("queue", "root"), ("data", "postfix")):
        (folder / name).mkdir()
        shutil.chown(folder / name, owner)
    port = _free_port()
    (folder / "etc" / "main.cf").write_text(MAIN.format(folder=folder, restrictions=restrictions))
    (folder / "etc" / "master.cf").write_text(MASTER.format(port=port))
    postfix = Postfix(folder, port)
    try:
        postfix.start()
        yield postfix
    finally:
        if (folder / "queue" / "pid" / "master.pid").exists():
            subprocess.run(["postfix", "-c", folder / "etc", "stop"], capture_output=True, timeout=60, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port

"""MJML's own compiler, from npm, for tests alone. Nothing of the program needs node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

VERSION = "5.4.1"
INTEGRITY = "sha512-yreEmxjcU1jf5aXihZ3oNwRzuTxxoOiY9QoKBgbCwjfrQTDddQJQVrYSDJk/yBTwt4mhTcyjK3zQgybyf7mF2Q=="

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / f"mjml-{VERSION}"


@dataclass(frozen=True, slots=True)
class Compiled:
    """`errors` are what the compiler says of the source; `html` is "" where it gave up."""

    html: str
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """An installed compiler; each call starts node once, so give it many sources."""

    node: str
    folder: Path

    def render(self, sources: list[str]) -> list[Compiled]:
        told = json.loads(self._run("render.mjs", json.dumps(sources)))
        return [Compiled(each["html"] or "", tuple(each["errors"])) for each in told]

    def attributes(self) -> dict[str, dict[str, str]]:
        """Component to attribute to type: `unit(px,%)`, `enum(left,right)`, `color`, `string` …"""
        found: dict[str, dict[str, str]] = json.loads(self._run("known.mjs", ""))
        return found

    def _run(self, script: str, given: str) -> str:
        command = [self.node, str(HERE / script), str(self.folder)]
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=200, cwd=self.folder)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout


def reference() -> Reference:
    """Installs it below .cache where it is not there yet; skips the test where node, npm or the network is missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("MJML's own compiler needs node and npm")
    if not CACHE.is_dir():
        _install(npm)
    return Reference(node, CACHE)


def _install(npm: str) -> None:
    making = CACHE.with_name(f"{CACHE.name}.{os.getpid()}")
    making.mkdir(parents=True, exist_ok=True)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--prefix", str(making)]
    command = [npm, "install", *options, f"mjml@{VERSION}"]
    try:
        done = subprocess.run(
            command, cwd=making, capture_output=True, text=True, timeout=200, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            pytest.skip(f"npm cannot get mjml {VERSION}: {done.stderr.strip()[-300:]}")
        locked = json.loads((making / "package-lock.json").read_text("utf-8"))
        assert locked["packages"]["node_modules/mjml"]["integrity"] == INTEGRITY, "this is not the mjml we know"
        try:
            making.rename(CACHE)
        except OSError:
            assert CACHE.is_dir()  # another process of the same run was first
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not get mjml {VERSION} in 200 seconds")
    finally:
        shutil.rmtree(making, ignore_errors=True)

"""The wheel alone, installed into an empty folder, does everything: templates, sample site and schema are inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source archive, so that both are whole."""
    out = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)], ROOT)
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def newsletter(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed program. Its environment sees our dependencies, and nothing of the checkout."""
    home = tmp_path_factory.mktemp("venv")
    run([sys.executable, "-m", "venv", "--without-pip", str(home)], home)
    python = home / "bin" / "python"
    (site_packages,) = home.glob("lib/python*/site-packages")
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages / "dependencies.pth").write_text("\n".join(sorted(dependencies)) + "\n", "utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps"]
    run([*pip, "--ignore-installed", str(wheel)], home)
    return home / "bin" / "newsletter"


def run(command: list[str], folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def test_the_wheel_holds_all_that_is_needed_and_no_more(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for part in (
        "newsletter/py.typed",
        "newsletter/_templates/email/",
        "newsletter/_templates/web/",
        "newsletter/demo/site/_posts/",
        "newsletter/demo/site/_drafts/",
        "newsletter/demo/site/assets/images/ferry-in-fog.jpg",
        "newsletter/demo/subscribers.csv",
        "newsletter/store/migrations/versions/",
        "dist-info/licenses/LICENSE",
    ):
        assert any(part in name for name in names), f"{part} is missing"
    assert {name.split("/")[0].split("-")[0] for name in names} == {"newsletter"}
    assert not [name for name in names if name.endswith((".pyc", ".db"))]


def test_it_runs_without_the_checkout(newsletter: Path, tmp_path: Path) -> None:
    python = str(newsletter.with_name("python"))
    where = run([python, "-c", "import newsletter; print(newsletter.__file__)"], tmp_path)
    assert where.startswith(str(newsletter.parent.parent))
    assert "demo" in run([str(newsletter), "--help"], tmp_path)


def test_the_demo_delivers(newsletter: Path, tmp_path: Path) -> None:
    said = run([str(newsletter), "demo", "--out", str(tmp_path / "demo")], tmp_path)
    assert "delivered 12 messages" in said
    assert len(list((tmp_path / "demo").rglob("*.eml"))) >= 12


def test_a_stranger_gets_from_init_to_an_issue(newsletter: Path, tmp_path: Path) -> None:
    program = str(newsletter)
    posts = tmp_path / "_posts"
    posts.mkdir()
    (posts / "2026-06-01-hello.md").write_text("---\ntitle: Hello\n---\n\nA first post, with a few words.\n", "utf-8")
    run([program, "init", "."], tmp_path)
    (key,) = json.loads(run([str(newsletter.with_name("python")), "-c", KEYS], tmp_path))
    assert json.loads(run([program, "collect", "--json"], tmp_path))["sources"][0]["new"] == 1
    as_of = "2026-06-02T08:00:00Z"
    issues = json.loads(run([program, "build", key, "--as-of", as_of, "--json"], tmp_path))["issues"]
    assert [story["title"] for issue in issues for story in issue["stories"]] == ["Hello"] * len(issues)
    assert issues
    run([program, "preview", str(issues[0]["id"]), "--out", "look"], tmp_path)
    assert "Hello" in (tmp_path / "look" / "message.html").read_text("utf-8")


KEYS = """
import json, pathlib
from newsletter.config import load
print(json.dumps(list(load(pathlib.Path("config.yaml"), {}).newsletters)))
"""

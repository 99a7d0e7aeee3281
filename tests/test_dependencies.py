"""What the package imports, it declares: a dependency of a dependency may vanish any day."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def named(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~;\[ ]", requirement)[0].lower() for requirement in requirements}


def imported(folder: Path) -> set[str]:
    """The distributions behind every import, those inside functions too."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
    outside = names - sys.stdlib_module_names - {"newsletter", ""}
    known = packages_distributions()
    return {known[name][0].lower().replace("_", "-") for name in outside if name in known}


def test_every_import_of_the_package_is_a_declared_dependency() -> None:
    declared = named(PROJECT["dependencies"]) | named(PROJECT["optional-dependencies"]["postgres"])
    # The own ground of FastAPI, Typer, Jinja and Pydantic, which they document as theirs to give.
    given = {"starlette", "click", "markupsafe", "pydantic-core"}
    assert imported(ROOT / "newsletter") - given <= declared


def test_the_pins_have_hashes_and_name_no_place_to_download_from() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (ROOT / name).read_text("utf-8").splitlines()
        assert not [line for line in lines if re.search(r"://|--index|--extra-index|--find-links|@ ", line)]
        pins = [line for line in lines if re.match(r"[a-z0-9]", line)]
        assert all("==" in pin and pin.endswith("\\") for pin in pins)
        pinned = {pin.split("==")[0].split("[")[0] for pin in pins}
        assert named(PROJECT["dependencies"]) | named(PROJECT["optional-dependencies"]["build"]) <= pinned

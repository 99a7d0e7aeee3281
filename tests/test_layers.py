"""Imports run downward only (DESIGN: the house). Each room names what it may know."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from pathlib import Path

import pytest

import newsletter
from newsletter import errors

PACKAGE = Path(__file__).parent.parent / "newsletter"
GROUND = {"errors", "domain"}
MAY_IMPORT = {
    "errors": set(),
    "domain": {"errors", "domain"},
    "text": GROUND | {"text"},
    "config": GROUND | {"config"},
    "store": GROUND | {"text", "store"},
    "sources": GROUND | {"text", "sources"},
    "transports": GROUND | {"text", "transports"},
    "preflight": GROUND | {"text", "preflight"},
    "pictures": GROUND | {"text", "pictures"},
    "preview": GROUND | {"text", "preview"},
    "services": GROUND | {"text", "store", "preflight", "pictures", "sources.base", "transports.base", "services"},
    "app": GROUND | {"config", "text", "store", "preflight", "pictures", "sources", "transports", "services"},
    "note_file": GROUND | {"config", "text", "app"},
    "strays": GROUND | {"services", "app"},
    "outgoing": GROUND
    | {"config", "text", "store", "preflight", "pictures", "sources", "transports", "services", "app"},
}
MAY_IMPORT["illustrating"] = MAY_IMPORT["outgoing"]
MAY_IMPORT["delivering"] = MAY_IMPORT["outgoing"] | {"outgoing"}
MAY_IMPORT["checking"] = MAY_IMPORT["outgoing"] | {"outgoing", "__version__"}
MAY_IMPORT["reminding"] = MAY_IMPORT["checking"] | {"checking"}
MAY_IMPORT["previewing"] = MAY_IMPORT["reminding"] | {"illustrating", "preview"}
BELOW = {*MAY_IMPORT, "__version__"}
# The terminal, the pages and `serve` stand at the very top: what works in the background must run without them.
ON_THE_ROOF = {
    "__init__": set(),
    "loop": set(),
    "logs": GROUND | {"text"},
    "watch": GROUND | {"logs"},
    "schedule": BELOW | {"logs", "watch"},
    "chunks": BELOW | {"logs", "watch"},
    "sender": BELOW | {"logs", "watch", "chunks"},
    "web": BELOW | {"logs", "web"},
    "serve": BELOW | {"logs", "schedule", "sender", "web"},
    "doctor": BELOW | {"schedule", "cli.words", "web.pages", "doctor"},  # how counts are said; it tries the pages
    "demo": BELOW | {"loop", "cli.words", "demo"},
    "__main__": {"cli"},
}
ROOF = {*ON_THE_ROOF, "cli"}
ON_THE_ROOF["cli"] = BELOW | ROOF - {"__main__"}
BELOW_THE_ROOF = {"typer", "rich", "click", "fastapi", "starlette", "uvicorn", "apscheduler"}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_room_is_known() -> None:
    """And none that is not there: it would stand in the list for nothing."""
    assert {room(path) for path in modules()} == {*MAY_IMPORT, *ROOF}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downward(path: Path) -> None:
    allowed = (MAY_IMPORT | ON_THE_ROOF)[room(path)]
    for name in imported(path):
        if not name.startswith("newsletter."):
            continue
        inside = name.removeprefix("newsletter.")
        assert any(inside == a or inside.startswith(a + ".") or a.startswith(inside + ".") for a in allowed), (
            f"{path.relative_to(PACKAGE)} imports {name}"
        )


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_below_the_roof_knows_http_or_the_terminal(path: Path) -> None:
    if room(path) not in MAY_IMPORT:
        return
    assert not {name.split(".")[0] for name in imported(path)} & BELOW_THE_ROOF


@pytest.mark.parametrize("path", sorted((PACKAGE / "domain").glob("*.py")), ids=lambda path: path.name)
def test_the_domain_needs_the_standard_library_only(path: Path) -> None:
    outside = {name.split(".")[0] for name in imported(path)} - {"newsletter"}
    assert outside <= sys.stdlib_module_names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_a_database_refuses_is_told_in_our_own_errors(path: Path) -> None:
    if room(path) == "store":
        return
    assert not [name for name in imported(path) if name.startswith("sqlalchemy.exc")], "the store raises Away"


def test_the_tree_of_errors_is_whole() -> None:
    """It stands at the top of errors.py, for whoever looks for the one to raise, or to catch."""
    for module in pkgutil.walk_packages(newsletter.__path__, "newsletter."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            importlib.import_module(module.name)

    def below(error: type[Exception]) -> set[str]:
        ours = [one for one in error.__subclasses__() if one.__module__.startswith("newsletter.")]
        return {error.__name__}.union(*map(below, ours))

    drawn = set(re.findall(r"^[├└│─ ]*([A-Z]\w+) {2,}", errors.__doc__ or "", re.MULTILINE))
    assert drawn == below(errors.NewsletterError)

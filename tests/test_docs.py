"""The documentation tells the truth: every command, option and key stands in it, links resolve, examples load."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml

from newsletter import chunks, config
from newsletter.cli.root import cli
from newsletter.config import load
from newsletter.config.schema import NOT_IN_THE_FILE
from newsletter.config.section import Section
from newsletter.domain import chunk
from newsletter.domain.delivery import DeliveryPolicy
from newsletter.store import queue_worker
from newsletter.text.roster import TITLES

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
SECTIONS: dict[str, type[Section]] = {
    "The top": config.Config,
    "site": config.Site,
    "smtp": config.Smtp,
    "smtp.servers": config.Server,
    "delivery": config.Delivery,
    "delivery.pace": config.Pace,
    "delivery.warm_up": config.WarmUp,
    "web": config.Web,
    "log": config.Log,
    "clients": config.Clients,
    "newsletters.NAME": config.Newsletter,
    "newsletters.NAME.design": config.Design,
    "newsletters.NAME.design.colours": config.Palettes,
    "newsletters.NAME.design.colours.light": config.Colours,
    "newsletters.NAME.design.fonts": config.Fonts,
    "newsletters.NAME.schedule": config.Schedule,
    "newsletters.NAME.ranking": config.Ranking,
    "newsletters.NAME.sources: jekyll": config.JekyllSource,
    "newsletters.NAME.sources: feed": config.FeedSource,
    "newsletters.NAME.editions.NAME": config.Edition,
}


def below(heading: str) -> str:
    """What stands under a heading of the reference."""
    return re.split(r"^#+ ", REFERENCE.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(heading: str) -> dict[str, list[str]]:
    """First cell (what stands in backticks) -> the other cells."""
    table = [line.strip("| ").split(" | ") for line in below(heading).splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): cells[1:] for cells in table}


def commands(group: object, above: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command with its long options."""
    for name, command in sorted(getattr(group, "commands", {}).items()):
        if getattr(command, "commands", None):
            yield from commands(command, f"{above}{name} ")
        else:
            options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
            yield f"{above}{name}", options - {"--help"}


COMMANDS = dict(commands(typer.main.get_command(cli)))


def documented() -> dict[str, list[str]]:
    """The command (without its arguments) -> the cells behind it."""
    found = {}
    for cell, others in rows("Commands").items():
        words = [word for word in cell.split() if re.fullmatch(r"[a-z-]+", word)]
        found[" ".join(words)] = others
    return found


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_and_option_is_in_the_reference(command: str) -> None:
    assert command in documented(), f"`{command}` is missing in docs/reference.md"
    told = set(re.findall(r"--[a-z-]+", " ".join(documented()[command])))
    assert told == COMMANDS[command]


def test_the_reference_knows_no_command_that_is_not_there() -> None:
    assert set(documented()) == set(COMMANDS)


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_in_the_reference_with_its_default(heading: str) -> None:
    fields = {name: field for name, field in SECTIONS[heading].model_fields.items() if name not in NOT_IN_THE_FILE}
    told = rows(heading)
    assert set(told) == set(fields)
    for name, field in fields.items():
        default = told[name][0].strip()
        assert (default == "required") == field.is_required(), name
        if isinstance(field.default, bool):
            assert default == f"`{str(field.default).lower()}`", name
        elif isinstance(field.default, (str, int)) and field.default != "":
            assert default == f"`{field.default}`", name
        elif isinstance(field.default, float):
            assert float(default.strip("`")) == field.default, name


def test_every_column_of_a_list_is_in_the_reference() -> None:
    table = [line.split(" | ") for line in below("Columns of a list").splitlines() if line.startswith("| ")][1:]
    assert [re.findall(r"`(\w+)`", cells[1]) for cells in table] == [list(titles) for titles in TITLES.values()]


def test_the_columns_that_the_guide_names_are_known() -> None:
    guide = (ROOT / "docs" / "guide" / "sending.md").read_text("utf-8")
    table = re.split(r"^\| column \|", guide, flags=re.MULTILINE)[1].split("\n\n")[0]
    named = [name for line in table.splitlines()[2:] for name in re.findall(r"`([\w ]+)`", line.split(" | ")[0])]
    assert len(named) > 9
    assert {name.replace(" ", "") for name in named} <= {title for titles in TITLES.values() for title in titles}


def links(page: Path) -> list[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"\]\(([^)\s]+)\)|<img[^>]+src=\"([^\"]+)\"", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_internal_link_resolves(page: Path) -> None:
    for target in ("".join(found) for found in links(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.name} links to {target}"


def anchors(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{page.relative_to(ROOT)}-{number}", block)
        for page in PAGES
        for number, block in enumerate(
            re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE), 1
        )
    ]


@pytest.mark.parametrize("block", [block for _, block in blocks("yaml")], ids=[name for name, _ in blocks("yaml")])
def test_every_configuration_in_the_pages_loads(block: str, tmp_path: Path) -> None:
    assert isinstance(yaml.safe_load(block), dict)
    (tmp_path / "config.yaml").write_text(block, "utf-8")
    load(tmp_path / "config.yaml", {})


@pytest.mark.parametrize("block", [block for _, block in blocks("sh")], ids=[name for name, _ in blocks("sh")])
def test_every_command_in_the_pages_exists(block: str) -> None:
    for line in block.splitlines():
        words = line.split("#")[0].split()
        if not words or words[0] != "newsletter":
            continue
        known = next((name for name in sorted(COMMANDS, key=len, reverse=True) if _calls(words[1:], name)), None)
        assert known, f"there is no `{line}`"
        assert {word.split("=")[0] for word in words if word.startswith("--")} <= COMMANDS[known], line


def _calls(words: list[str], command: str) -> bool:
    return words[: len(command.split())] == command.split()


def test_all_pages_can_be_reached_from_the_readme() -> None:
    seen, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        todo += [(page.parent / "".join(found).split("#")[0]).resolve() for found in links(page)]
    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs")} <= seen


def test_the_figures_of_the_queue_are_those_of_the_program() -> None:
    """They stand in the guide, where an operator looks; the program has them as constants."""
    told = re.findall(r"\| ([\d.]+) \| `(\w+)` in `", (ROOT / "docs" / "guide" / "running.md").read_text("utf-8"))
    lease = DeliveryPolicy().lease.total_seconds()
    known = {"SESSIONS": chunks.SESSIONS, "STALLED": queue_worker.STALLED, "lease": lease}
    known |= {name: getattr(chunk, name) for name in ("CHUNK_SIZE", "LANES", "SHARED_LANES")}
    assert {name: float(number) for number, name in told} == known

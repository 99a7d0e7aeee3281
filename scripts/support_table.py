"""Computes newsletter/preflight/data/support.json anew: what mail programs show, from caniemail.com's facts.

`make support` runs it. It fetches the npm package `caniemail` (MIT, as its data are) through npm; a copy of its
data/caniemail.json can be named instead. A row is a feature as messages use it: where caniemail says "partly, not with
X" and we can see that a message does without X, a row of its own tells it without that note (VARIANTS).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent.parent / "newsletter" / "preflight" / "data" / "support.json"
PACKAGE = "caniemail"
FAMILIES = {
    "apple-mail": "apple",
    "gmail": "gmail",
    "outlook": "outlook",
    "yahoo": "yahoo",
    "aol": "yahoo",
    "samsung-email": "samsung",
}  # all others: "other"
ORDER = ("apple", "gmail", "outlook", "yahoo", "samsung", "other")  # of the scores in a row
SCORES = {"y": 1.0, "a": 0.5, "n": 0.0}  # "u": nobody knows, and it does not count
UNUSED = ("amp", "bimi")  # nothing that HTML could hold


@dataclass(frozen=True)
class Variant:
    """A narrower use of a feature. `obeyed` are the notes that cannot hurt it, each with words that it must hold:
    when caniemail numbers its notes anew, this program says so instead of computing nonsense.
    """

    key: str
    title: str
    obeyed: Mapping[int, str]

    @property
    def slug(self) -> str:
        return self.key.partition("/")[0]


VARIANTS = (
    Variant("css-background/colour", "background with a colour alone", {1: "multiple", 2: "shorthand", 3: "color"}),
    Variant("css-border-radius/plain", "border-radius", {2: "elliptical"}),
    Variant("css-border/cell", "border of up to 8px on tables and cells", {1: "8px", 2: "<p>"}),
    Variant("css-border/thin", "border of up to 8px", {1: "8px"}),
    Variant("css-display/box", "display with a value of CSS 2", {1: "flex", 6: "flow-root"}),
    Variant("css-float/plain", "float: left or right", {2: "inline-start"}),
    Variant("css-font-size/fixed", "font-size in px, pt or em", {1: "rem", 2: "percentage"}),
    Variant("css-font-weight/hundreds", "font-weight in hundreds", {1: "numeric", 2: "bold"}),
    Variant("css-height/cell", "height of tables and cells", {2: "<div>"}),
    Variant("css-letter-spacing/small", "letter-spacing", {1: "negative"}),
    Variant("css-line-height/set", "line-height", {2: "normal"}),
    Variant("css-list-style/type", "list-style without a picture", {1: "image", 2: "type", 3: "image"}),
    Variant("css-margin/auto", "margin with auto", {1: "Negative", 2: "<body>", 3: "background"}),
    Variant("css-margin/plain", "margin", {1: "Negative", 2: "<body>", 3: "background", 4: "auto"}),
    Variant("css-max-width/table", "max-width of tables", {1: "<table>"}),
    Variant("css-overflow/plain", "overflow", {1: "scroll", 3: "overflow-block", 4: "overflow-block"}),
    Variant("css-padding/cell", "padding of table cells", {1: "table cells", 2: "same row"}),
    Variant("css-rgb/commas", "rgb() with commas", {1: "hitespace", 2: "Alpha", 3: "hitespace"}),
    Variant("css-text-align/flow", "text-align: start or end", {3: "match-parent", 5: "match-parent"}),
    Variant("css-text-align/plain", "text-align", {1: "start", 2: "start", 3: "match-parent", 5: "match-parent"}),
    Variant("css-text-decoration/one", "text-decoration with one value", {2: "multiple", 3: "overline"}),
    Variant("css-text-transform/plain", "text-transform", {1: "lowercase"}),
    Variant("css-white-space/wrap", "white-space", {2: "pre"}),
    Variant("css-width/cell", "width of tables and cells", {1: "<div>", 2: "inherit"}),
    Variant("html-align/plain", "align attribute", {1: "<img>", 2: "<img>", 3: "<table>"}),
    Variant("html-dir/block", "dir attribute", {3: "anchor", 2: "<table>"}),
    Variant("html-height/pixels", "height attribute in pixels", {1: "Percentage", 2: "120 dpi"}),
    Variant("html-lang/block", "lang attribute", {1: "<td>"}),
    Variant("html-lists/plain", "lists", {1: "reversed", 2: "value"}),
    Variant("html-role/table", "role attribute of tables", {2: "<table>"}),
    Variant("html-width/pixels", "width attribute in pixels", {1: "Percentage", 2: "120 dpi", 3: "CID"}),
)


def main(arguments: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, version = (Path(arguments[0]), "?") if arguments else fetched(Path(folder))
        facts = json.loads(file.read_text("utf-8"))
    rows = dict(sorted(_rows(facts)))
    head = {
        "source": "https://www.caniemail.com, MIT licence, see LICENSE-caniemail.txt; scores computed by make support",
        "package": f"npm {PACKAGE} {version}",
        "facts_of": facts["last_update_date"][:10],
        "families": ORDER,
        "computed": datetime.now(UTC).date().isoformat(),
    }
    told = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    lines = [f"  {json.dumps(key)}: {json.dumps(row, ensure_ascii=False)}" for key, row in rows.items()]
    TABLE.write_text("{" + ",\n".join([*told, '"features": {\n' + ",\n".join(lines) + "\n}"]) + "}\n", "utf-8")
    sys.stdout.write(f"{len(rows)} rows of {facts['last_update_date'][:10]} in {TABLE}\n")


def fetched(folder: Path) -> tuple[Path, str]:
    """The package's data file, and its version: the newest, also where an old Node would make npm take an older one."""
    version = _npm("view", PACKAGE, "version", folder=folder).strip()
    _npm("pack", "--silent", f"{PACKAGE}@{version}", folder=folder)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package" / "data" / "caniemail.json", version


def _npm(*arguments: str, folder: Path) -> str:
    command = ["npm", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout  # noqa: S603


def _rows(facts: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    features = {feature["slug"]: feature for feature in facts["data"] if feature["slug"] not in UNUSED}
    for slug, feature in features.items():
        yield slug, _row(feature, feature["title"], frozenset(), facts["nicenames"])
    for variant in VARIANTS:
        feature = features[variant.slug]
        for number, words in variant.obeyed.items():
            if words not in (feature["notes_by_num"] or {}).get(str(number), ""):
                raise SystemExit(f"{variant.key}: note {number} no longer speaks of `{words}`: look at it again.")
        yield variant.key, _row(feature, variant.title, frozenset(variant.obeyed), facts["nicenames"])


def _row(feature: Mapping[str, Any], title: str, obeyed: frozenset[int], names: Mapping[str, Any]) -> dict[str, Any]:
    """What each family's programs show of it in their newest versions, 0 to 100 or null, and who falls short."""
    known: dict[str, list[float]] = {family: [] for family in ORDER}
    short: dict[float, list[str]] = {0.0: [], 0.5: []}
    for client, platforms in feature["stats"].items():
        scores = {name: _score(list(versions.values())[-1], obeyed) for name, versions in platforms.items()}
        known[FAMILIES.get(client, "other")] += [score for score in scores.values() if score is not None]
        for score, told in short.items():
            falling = [name for name, each in scores.items() if each == score]
            told += _named(names["family"][client].replace("Yahoo! Mail", "Yahoo"), falling, scores, names["platform"])
    shown = [round(100 * sum(each) / len(each)) if each else None for each in known.values()]
    return {"title": title, "scores": shown, "no": ", ".join(short[0.0]), "partly": ", ".join(short[0.5])}


def _named(client: str, falling: Sequence[str], all_of_it: Sized, names: Mapping[str, str]) -> list[str]:
    """`Gmail` when it falls short everywhere, else `Gmail iOS`."""
    if falling and len(falling) == len(all_of_it):
        return [client]
    return [f"{client} {names.get(platform, platform).removeprefix('Desktop ')}" for platform in falling]


def _score(told: str, obeyed: frozenset[int]) -> float | None:
    """From `a #1 #3`: 1 when every note on it is obeyed. None: nobody knows."""
    value, *notes = told.split()
    if value == "a" and notes and {int(note.lstrip("#")) for note in notes} <= obeyed:
        return 1.0
    return SCORES.get(value)


if __name__ == "__main__":
    main(sys.argv[1:])

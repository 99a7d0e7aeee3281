"""`init`: from an empty folder, or a blog's, to a newsletter that can be built."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsletter.config import load
from tests.cli.desk import Desk


def site(
    root: Path, config: str = 'title: "Ada\'s: Notes"\nurl: https://www.ada.example.net\ntimezone: Europe/Paris\n'
) -> None:
    (root / "_posts").mkdir(parents=True)
    (root / "_config.yml").write_text(config)
    (root / "_posts" / "2026-06-01-first.md").write_text("---\ntitle: First\n---\nThe first words of all.\n")


def test_an_empty_folder(tmp_path: Path) -> None:
    done = Desk(tmp_path).call("init", "letters")
    assert done.status == 0
    assert "No Jekyll site was found" in done.out
    assert "Jekyll publishes" not in done.out
    assert "cd letters" in done.out
    folder = tmp_path / "letters"
    config = load(folder / "config.yaml", {})
    assert list(config.newsletters) == ["letters"]
    assert (folder / "subscribers.db").is_file()
    assert (folder / "templates").is_dir()
    assert "*.db" in (folder / ".gitignore").read_text()
    assert sum(line.strip().startswith("#") for line in (folder / "config.yaml").read_text().splitlines()) >= 10


def test_a_blog_in_a_folder_below_is_found_and_can_be_built(tmp_path: Path) -> None:
    site(tmp_path / "blog")
    (tmp_path / "attic").mkdir()
    desk = Desk(tmp_path)
    done = desk.call("init", "--json")
    assert done.json["site"] == "blog"
    assert done.json["newsletters"] == ["ada-s-notes"]
    letter = load(tmp_path / "config.yaml", {}).newsletters["ada-s-notes"]
    assert letter.name == "Ada's: Notes"
    assert letter.sender == "Ada's Notes <newsletter@ada.example.net>"
    assert letter.schedule is not None
    assert letter.schedule.timezone == "Europe/Paris"
    source = letter.sources[0].model_dump()
    assert (source["path"], source["name"]) == ("blog", "Ada's: Notes")
    assert max(map(len, (tmp_path / "config.yaml").read_text().splitlines())) <= 100
    built = desk.call("build", "ada-s-notes", "--as-of", "2026-06-02", "--json").json["issues"]
    assert [story["title"] for story in built[0]["stories"]] == ["First"]


def test_what_a_blog_says_of_itself_is_taken_over(tmp_path: Path) -> None:
    root = tmp_path / "my tech_blog"
    site(root, "description: Notes on everything\nlang: en_GB\n")
    done = Desk(tmp_path).call("init", root.name)
    assert "cd 'my tech_blog'" in done.out
    assert "the site names no url" in done.out
    letter = load(root / "config.yaml", {}).newsletters["my-tech-blog"]
    assert (letter.name, letter.tagline, letter.language) == ("My Tech Blog", "Notes on everything", "en-GB")
    assert letter.sources[0].url is None
    assert "# ADD: url:" in (root / "config.yaml").read_text()


@pytest.mark.parametrize("lang", ["", "lang: de\n"])
def test_what_init_suggests_holds_once_its_mark_is_taken_away(tmp_path: Path, lang: str) -> None:
    site(tmp_path, lang)
    Desk(tmp_path).call("init")
    config = tmp_path / "config.yaml"
    own = config.read_text().partition("    max_stories")
    config.write_text(own[0] + own[1] + re.sub(r"^    # (?=[ ]*[a-z]+:( |$))", "    ", own[2], flags=re.MULTILINE))
    [letter] = load(config, {}).newsletters.values()
    assert (letter.language, letter.note) == ("de", "_newsletter/note.md")
    assert (letter.sections, letter.pictures) == (True, "embed")
    assert letter.design.logo == "logo.png"
    assert set(letter.editions) == {"uk", "world"}


def test_readers_of_a_blog_are_never_published_with_it(tmp_path: Path) -> None:
    """Jekyll copies every file of a site to the web, but none below an underscore."""
    site(tmp_path)
    done = Desk(tmp_path).call("init")
    assert "Ada's: Notes" in done.out
    assert "add exclude: [config.yaml] to _config.yml" in done.out
    assert "to `exclude:` in _config.yml, as in [config.yaml]." in (tmp_path / "config.yaml").read_text()
    assert "preview 1 --open" in done.out
    assert "subscribers import _newsletter/FILE.csv" in done.out
    assert not (tmp_path / "subscribers.db").exists()
    assert (tmp_path / "_newsletter" / "subscribers.db").is_file()
    config = load(tmp_path / "config.yaml", {})
    assert config.resolve(config.templates) == tmp_path / "_newsletter" / "templates"
    assert config.resolve(config.media) == tmp_path / "_newsletter" / "media"
    assert Desk(tmp_path).call("collect", "--json").json["sources"][0]["new"] == 1


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.call("init")
    (tmp_path / "config.yaml").write_text("newsletters: {mine: {name: Mine, sender: me@example.org}}\n")
    again = desk.call("init")
    assert again.status == 0
    assert "it was there already" in again.out
    assert "newsletter build mine" in again.out
    assert "Mine" in (tmp_path / "config.yaml").read_text()


def test_a_used_folder_has_its_first_issue_behind_it(tmp_path: Path) -> None:
    site(tmp_path)
    desk = Desk(tmp_path)
    assert "newsletter preview 1 --open" in desk.call("init").out
    assert desk.call("build", "--as-of", "2026-06-01").status == 0
    again = desk.call("init").out
    assert "preview 1" not in again
    assert "make a first issue" not in again
    assert "newsletter preview N --open" in again
    assert "N is the number that build tells" in again


@pytest.mark.parametrize(
    "config",
    [
        "",
        "title: 日本語\nurl: ''\n",
        "title: [a, b]\nurl: 5\ntimezone: Mars/Base\n",
        "title: 'He said \"no\" \\ {{ site.title }} <b>'\nurl: http://127.0.0.1:4000\n",
        "- a list\n",
    ],
)
def test_whatever_a_blog_says_of_itself(tmp_path: Path, config: str) -> None:
    site(tmp_path / "blog", config)
    assert Desk(tmp_path).call("init").status == 0
    letter = next(iter(load(tmp_path / "config.yaml", {}).newsletters.values()))
    assert letter.sender.endswith("@example.org>")


def test_a_broken_blog_or_folder_is_said_in_words(tmp_path: Path) -> None:
    site(tmp_path / "blog", "title: [unclosed\n")
    broken = Desk(tmp_path).call("init")
    assert broken.status == 2
    assert "_config.yml:2 cannot be read" in broken.err
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{key}: &{key} [{','.join(f'*{before}' for _ in range(9))}]\n"
        for before, key in zip("abcdefgh", "bcdefghi", strict=True)
    )
    (tmp_path / "blog" / "_config.yml").write_text(bomb)
    assert "_config.yml:" in Desk(tmp_path).call("init").err
    (tmp_path / "file").write_text("")
    assert Desk(tmp_path).call("init", "file/below").status == 1

"""`theme:` and `design:` of config.yaml become an edition's Theme; what is wrong with them is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.config import load
from newsletter.domain.edition import Edition
from newsletter.domain.theme import THEMES, theme
from newsletter.errors import ConfigError
from newsletter.store.database import Database

HEAD = 'newsletters:\n  weekly:\n    name: Weekly\n    sender: "Weekly <hello@example.org>"\n'


def edition(folder: Path, words: str, key: str = "main") -> Edition:
    (folder / "config.yaml").write_text(HEAD + words, "utf-8")
    config = load(folder / "config.yaml", {})
    return App(config, Database(config.database_url)).edition("weekly", key)


def test_without_a_word_it_is_classic(tmp_path: Path) -> None:
    made = edition(tmp_path, "")
    assert made.theme == theme("classic")
    assert (made.sections, made.feedback) == (False, True)


@pytest.mark.parametrize("name", THEMES)
def test_each_theme_can_be_named(tmp_path: Path, name: str) -> None:
    assert edition(tmp_path, f"    theme: {name}\n").theme.name == name


def test_an_edition_changes_one_key_of_the_newsletters_design(tmp_path: Path) -> None:
    words = """\
    theme: magazine
    sections: true
    design:
      colours: {light: {link: "#123456", accent: "#A00"}}
      fonts: {text: 'Verdana, "Segoe UI", sans-serif'}
      logo: https://example.org/logo.png
    editions:
      uk: {}
      world: {theme: letter, sections: false, feedback: false, design: {colours: {light: {link: "#654321"}}}}
"""
    uk, world = (edition(tmp_path, words, key) for key in ("uk", "world"))
    assert (uk.theme.name, world.theme.name) == ("magazine", "letter")
    assert (uk.theme.light.link, world.theme.light.link) == ("#123456", "#654321")
    assert uk.theme.light.accent == world.theme.light.accent == "#aa0000"
    assert uk.theme.text == world.theme.text == "Verdana,'Segoe UI',sans-serif"
    assert world.theme.headings == theme("letter").headings
    assert world.theme.logo == "https://example.org/logo.png"
    assert (uk.sections, world.sections, world.feedback) == (True, False, False)


def test_a_logo_file_is_beside_the_configuration(tmp_path: Path) -> None:
    assert edition(tmp_path, "    design: {logo: art/logo.png}\n").theme.logo == str(tmp_path / "art" / "logo.png")


@pytest.mark.parametrize(
    ("words", "line", "reason"),
    [
        ("    theme: clasic\n", 5, "it must be 'classic', 'brief', 'magazine' or 'letter'"),
        ("    design:\n      colours:\n        light:\n          ink: black\n", 8, "'black' is no colour"),
        ("    design:\n      colours:\n        light:\n          ink: #000\n", 8, "in YAML a # begins a comment"),
        (
            "    design:\n      colours: {light: {ink: #000, page: '#fff'}}\n    name: x\n",
            7,
            "a colour belongs in quotes",
        ),
        ("    design:\n      colours: {dark: {paper: '#000'}}\n", 6, "unknown key"),
        ("    design:\n      colours: {dark: {page: '#00'}}\n", 6, "'#00' is no colour"),
        ("    design:\n      fonts: {text: 'a}</style>, serif'}\n", 6, "is no font's name"),
        ("    design:\n      fonts: {text: []}\n", 6, "design.fonts.text`: '' is no font's name"),
        ("    design:\n      fonts: {headings: []}\n", 6, "'' is no font's name"),
        ("    design:\n      fonts: {text: Verdana}\n", 6, "ends with a font that not every device has"),
        ("    design: {logo_width: 900}\n", 5, "logo_width"),
        ("    feedback: maybe\n", 5, "feedback"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, words: str, line: int, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        edition(tmp_path, words)
    assert f"config.yaml:{line}: " in str(caught.value)
    assert reason in str(caught.value)

"""Names of pictures, and finding them in a mail's HTML."""

from __future__ import annotations

import pytest

from newsletter.text.media import cid, embedded, is_name, relocated, shown

ONE, TWO = "0123456789abcdef" * 2 + ".jpg", "f" * 32 + ".png"


@pytest.mark.parametrize(
    "name",
    ["", "a.jpg", ONE.upper(), f"../{ONE}", f"{ONE}\n", ONE.replace(".jpg", ".svg"), f".{ONE}", ONE[1:], f"{ONE}/"],
)
def test_only_what_is_made_from_content_is_a_name(name: str) -> None:
    assert not is_name(name)
    assert is_name(ONE)


def test_pictures_are_found_and_moved_and_nothing_else() -> None:
    html = (
        f'<img src="{cid(ONE)}" alt="{ONE}"><img src="https://x.example/a/{TWO}"><a href="https://x.example/{ONE}">'
        f'<img src=\'{cid(ONE)}\'><img src="https://x.example/a.png"><p>src="{cid(TWO)} is said in words</p>'
    )
    assert embedded(html) == [ONE]
    assert shown(html) == [ONE, TWO]
    moved = relocated(html, lambda name: f"media/{name}" if name == ONE else None)
    assert moved == html.replace(f'"{cid(ONE)}"', f'"media/{ONE}"').replace(f"'{cid(ONE)}'", f"'media/{ONE}'")

"""Days are those of whoever writes them down: a post's of its site, an issue's of its edition."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from newsletter.text import clocks
from tests.cli.desk import Desk

CONFIG = """\
site: {url: "https://letters.example.org"}
newsletters:
  quay:
    name: Quay
    sender: "Quay <quay@example.org>"
    lookback: 14d
    schedule: {days: [friday], at: "08:00", timezone: America/Lima}
    sources:
      - {type: jekyll, path: blog}
      - {type: feed, url: feed.xml}
"""
FEED = (
    '<rss version="2.0"><channel><title>F</title><link>https://f.example/</link><item><title>Nets</title>'
    "<link>https://f.example/nets</link><pubDate>Sat, 20 Jun 2026 03:00:00 GMT</pubDate>"
    "<description>Mended.</description></item></channel></rss>"
)


def quay(folder: Path, zone: str) -> Desk:
    posts = folder / "blog" / "_posts"
    posts.mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "feed.xml").write_text(FEED)
    (folder / "blog" / "_config.yml").write_text(f"url: https://quay.example.org\ntimezone: {zone}\n")
    (posts / "2026-06-17-crane.md").write_text("---\ntitle: Crane\n---\nIt came in, and it went out.\n")
    desk = Desk(folder)
    assert desk.call("collect").status == 0
    return desk


@pytest.mark.parametrize(
    ("zone", "name"), [("Europe/London", "BST"), ("Asia/Tokyo", "JST"), ("America/Lima", "-05"), ("UTC", "UTC")]
)
def test_a_post_has_the_day_that_its_site_gives_it(tmp_path: Path, zone: str, name: str) -> None:
    desk = quay(tmp_path, zone)
    crane, nets = sorted(desk.call("posts").out.splitlines()[2:4])
    assert crane.startswith("17 Jun 2026 ")
    assert nets.startswith("19 Jun 2026 ")  # at three in London it is the evening before in Lima
    path = "_posts/2026-06-17-crane.md"
    assert f"It is dated Wed 17 Jun 2026 00:00 {name};" in desk.call("why", path).out
    early = desk.call("why", path, "--as-of", "2026-06-16T02:00").out
    assert f"It is dated Wed 17 Jun 2026 00:00 {name}, after Mon 15 Jun 2026 21:00 -05." in early


def test_an_edition_has_its_own_clocks_wherever_its_times_are_told(tmp_path: Path) -> None:
    desk = quay(tmp_path, "Asia/Tokyo")
    assert desk.call("build", "--as-of", "2026-06-20T12:00").status == 0
    told = desk.call("why", "_posts/2026-06-17-crane.md", "--as-of", "2026-06-20T12:00").out
    assert "(built as of Sat 20 Jun 2026 07:00 -05)" in told
    doctor = desk.call("doctor").out
    assert "edition main goes out next on Fri " in doctor
    assert " 08:00 -05, if `newsletter serve` runs then." in doctor
    assert desk.call("preview", 1, "--out", "look").status == 0
    built = datetime.fromisoformat(desk.call("issues", "--json").json[0]["built_at"])
    page = (tmp_path / "look" / "index.html").read_text()
    assert f"built {clocks.moment(built, 'America/Lima')}" in page

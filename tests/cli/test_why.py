"""What `why` says of posts that no issue can have, for their source leaves them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.desk import Desk

CONFIG = """\
newsletters:
  quay:
    name: Quay
    sender: "Quay <quay@example.org>"
    lookback: 3650d
    sources:
      - {type: jekyll, path: blog, categories: [Technology, Sea]}
      - {type: feed, url: feed.xml, categories: [Technology]}
"""
FEED = (
    '<rss version="2.0"><channel><title>F</title><link>https://f.example/</link><item><title>Nets</title>'
    "<link>https://f.example/nets</link><category>Knots</category><description>Mended.</description></item></channel></rss>"
)
POSTS = {
    "2026-06-01-crane.md": "title: Crane\ncategories: [Technology]",
    "2026-06-02-regatta.md": "title: Regatta\ncategories: [Sports, Local]",
    "2026-06-03-race.md": "title: Race\ncategories: [Sports]\npermalink: /results/",
    "2026-06-04-fog.md": 'title: "Fog',
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "feed.xml").write_text(FEED)
    folder = tmp_path / "blog" / "_posts"
    folder.mkdir(parents=True)
    (tmp_path / "blog" / "_config.yml").write_text("url: https://quay.example.org\n")
    for name, front in POSTS.items():
        (folder / name).write_text(f"---\n{front}\n---\nIt came in, and it went out.\n")
    desk = Desk(tmp_path)
    assert desk.call("collect").status == 0
    return desk


@pytest.mark.parametrize(
    ("post", "said"),
    [
        (
            "_posts/2026-06-02-regatta.md",
            "Its source blog takes only Technology, Sea; its categories are Sports, Local.",
        ),
        ("blog/_posts/2026-06-02-regatta.md", "Its source blog takes only Technology, Sea"),
        ("https://quay.example.org/sports/local/2026/06/02/regatta.html?utm_source=x", "categories are Sports, Local."),
        ("https://quay.example.org/results/", "its categories are Sports."),
        ("2026-06-04-fog.md", "Its source blog skips it: _posts/2026-06-04-fog.md:3: "),
        ("https://quay.example.org/2026/06/04/fog.html", "Its source blog skips it: _posts/2026-06-04-fog.md:3: "),
        ("https://f.example/nets", "Its source feed takes only Technology; its categories are Knots."),
    ],
)
def test_what_a_source_leaves_out_is_explained(desk: Desk, post: str, said: str) -> None:
    done = desk.call("why", post)
    assert (done.status, done.out.split()[:2]) == (0, ["not", "in"])
    assert said in done.out
    (one,) = desk.call("why", post, "--json").json
    assert (one["reason"], one["included"]) == ("left out by its source", False)


def test_a_fault_is_told_as_collect_tells_it(desk: Desk) -> None:
    (skipped,) = desk.call("collect", "--json").json["sources"][0]["skipped"]
    assert skipped["reason"] in desk.call("why", "2026-06-04-fog.md").out


def test_what_nobody_knows_stays_unknown(desk: Desk) -> None:
    for post in (
        "_posts/2026-06-09-nowhere.md",
        "https://quay.example.org/nowhere.html",
        "https://quay.example.org/2025/01/01/fog.html",
    ):
        done = desk.call("why", post)
        assert (done.status, done.out) == (1, "")
        assert f"no post like {post} was collected" in done.err


def test_a_post_that_vanished_from_its_source_is_said_to_have(desk: Desk) -> None:
    crane = desk.folder / "blog" / "_posts" / "2026-06-01-crane.md"
    front = crane.read_text()
    crane.write_text(front.replace("Technology", "Sports"))
    desk.call("collect")
    assert "Its source blog takes only Technology, Sea; its categories are Sports." in desk.call("why", crane.name).out
    crane.unlink()
    assert "Its source blog does not have it any more." in desk.call("why", crane.name).out
    (desk.folder / "config.yaml").write_text(CONFIG.replace("path: blog", "path: blog, name: other"))
    desk.call("collect")
    assert "Its source blog is not in the configuration any more." in desk.call("why", crane.name).out


def test_the_sites_own_limit_is_named(desk: Desk) -> None:
    (desk.folder / "blog" / "_config.yml").write_text("url: https://quay.example.org\nlimit_posts: 1\n")
    desk.call("collect")
    assert "Its site shows only the newest posts: `limit_posts: 1`" in desk.call("why", "2026-06-01-crane.md").out


def test_a_post_is_found_by_its_title_too(desk: Desk) -> None:
    assert desk.call("why", "crane").out == desk.call("why", "_posts/2026-06-01-crane.md").out
    assert desk.call("why", "Cranes").status != 0

"""What `build` says beside its answer: what it read, and why there is no draft."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.desk import Desk

CONFIG = """\
newsletters:
  quay:
    name: Quay
    sender: "Quay <quay@example.org>"
    sources: [{type: jekyll, path: blog}]
"""


def blog(folder: Path, *days: str) -> Desk:
    (folder / "config.yaml").write_text(CONFIG)
    posts = folder / "blog" / "_posts"
    posts.mkdir(parents=True)
    for day in days:
        (posts / f"{day}-tide.md").write_text(f"---\ntitle: The tide of {day}\n---\nIt came in, and it went out.\n")
    return Desk(folder)


def test_an_old_archive_is_told_how_to_try_it(tmp_path: Path) -> None:
    desk = blog(tmp_path, "2019-03-01", "2019-03-08")
    done = desk.call("build", "quay")
    assert done.status == 0
    assert "the newest post is of 8 Mar 2019, and `lookback` is 14 days" in done.out
    assert "newsletter build quay --as-of 2019-03-08" in done.out
    assert "The tide of 2019-03-08" in desk.call("build", "quay", "--as-of", "2019-03-08").out


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        ("2019-03-08", "2019-03-08T20:00"),
        ("20190308", "2019-03-08T20:00"),
        ("2019-03-08T00:00", "2019-03-01"),
        ("2019-03-08T21:30+01:00", "2019-03-08T20:00"),
        ("2019-03-08T20:30+01:00", "2019-03-01"),
    ],
)
def test_a_date_is_all_of_that_day_and_a_time_is_itself(tmp_path: Path, as_of: str, last: str) -> None:
    desk = blog(tmp_path, "2019-03-01")
    evening = "---\ntitle: The tide of 2019-03-08T20:00\ndate: 2019-03-08 20:00\n---\nIt came in late.\n"
    (tmp_path / "blog" / "_posts" / "2019-03-08-late.md").write_text(evening)
    (issue,) = desk.call("build", "quay", "--as-of", as_of, "--json").json["issues"]
    assert issue["stories"][0]["title"] == f"The tide of {last}"


def test_a_post_to_come_does_not_make_an_archive_young(tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(days=30)
    assert "of 8 Mar 2019" in blog(tmp_path, "2019-03-08", f"{soon:%Y-%m-%d}").call("build", "quay").out


def test_what_was_read_and_skipped_is_told_beside_the_answer(tmp_path: Path) -> None:
    desk = blog(tmp_path, "2019-03-08")
    assert "read   blog" not in desk.call("build", "quay").err  # nobody looks on
    (tmp_path / "blog" / "_posts" / "2019-03-09-fog.md").write_text('---\ntitle: "Fog\n---\nThick.\n')
    done = desk.call("build", "quay")
    assert "read   blog: 1 post, 1 skipped; newsletter collect says why" in done.err
    assert "read   blog" not in done.out


def test_no_source_to_read_is_a_failure_and_not_a_quiet_week(tmp_path: Path) -> None:
    done = Desk(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG)
    built = done.call("build", "quay")
    assert built.status == 1
    assert "no source of quay could be read" in built.err
    assert "Nothing new" not in built.out


def test_a_draft_of_before_stays_and_is_told_of_when_nothing_is_left_to_build_from(tmp_path: Path) -> None:
    desk = blog(tmp_path, "2019-03-08")
    desk.call("build", "quay", "--as-of", "2019-03-08")
    (tmp_path / "blog" / "_posts" / "2019-03-08-tide.md").unlink()
    done = desk.call("build", "quay")
    assert done.status == 0
    assert "so there is no new draft" in done.out
    assert "Issue 1 for main, a draft built before, stays as it is: The tide of 2019-03-08 (1 story" in done.out
    assert "newsletter send 1 sends it, newsletter cancel 1 drops it" in done.out
    told = desk.call("build", "quay", "--json")
    assert told.json == {"issues": []}
    assert "stays as it is" in told.err
    assert [issue["state"] for issue in desk.call("issues", "--json").json] == ["draft"]
    desk.call("cancel", 1)
    assert "stays" not in desk.call("build", "quay").out


def test_why_does_not_contradict_the_draft_that_is_there(tmp_path: Path) -> None:
    desk = blog(tmp_path, "2019-03-08")
    desk.call("build", "quay", "--as-of", "2019-03-08")
    said = desk.call("why", "2019-03-08-tide.md").out
    assert said.startswith("in ")
    assert "draft issue 1 (built as of Fri 8 Mar 2019 23:59 UTC)" in said
    assert "would leave it out: it is dated Fri 8 Mar 2019 " in said
    (one,) = desk.call("why", "2019-03-08-tide.md", "--as-of", "2019-03-08", "--json").json
    assert (one["reason"], one["issue"]) == ("included", 1)
    assert desk.call("why", "2019-03-08-tide.md", "--as-of", "friday").status == 2


EDITIONS = f"""{CONFIG}    editions:
      uk: {{}}
      art: {{categories: [Art]}}
      world: {{}}
"""


def test_an_edition_without_a_draft_is_told_of_and_every_draft_is_named(tmp_path: Path) -> None:
    desk = blog(tmp_path, "2019-03-08")
    (tmp_path / "config.yaml").write_text(EDITIONS)
    built = desk.call("build", "quay", "--as-of", "2019-03-08").out
    assert "Nothing new for art, so it has no draft" in built
    assert built.count("so it has no draft") == 1
    assert "Next: newsletter preview 1 --open, then newsletter send 1; the same for 2." in built
    told = desk.call("build", "quay", "--as-of", "2019-03-08", "--json")
    assert [issue["edition"] for issue in told.json["issues"]] == ["uk", "world"]
    assert "Nothing new for art" in told.err
    assert "so it has no draft" not in desk.call("build", "quay", "--edition", "art", "--as-of", "2019-03-08").out


def test_an_empty_blog_is_told_that_it_has_no_post(tmp_path: Path) -> None:
    desk = blog(tmp_path)
    assert "No posts yet. newsletter collect reads the sources." in desk.call("posts").out
    built = desk.call("build", "quay").out
    assert "so there is no draft: no post was found in blog." in built
    assert "gone out" not in built
    assert "No posts: newsletter collect found none in blog." in desk.call("posts").out


def test_a_blog_whose_posts_are_all_to_come_is_not_called_empty(tmp_path: Path) -> None:
    built = blog(tmp_path, "2019-03-08").call("build", "quay", "--as-of", "2018-01-01").out
    assert "so there is no draft: no post in blog was published by Mon 1 Jan 2018" in built


def test_a_newsletter_without_sources_is_told_so(tmp_path: Path) -> None:
    desk = blog(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG.replace("[{type: jekyll, path: blog}]", "[]"))
    assert "so there is no draft: quay has no sources." in desk.call("build", "quay").out


def test_a_broken_subject_is_told_with_the_file_it_stands_in(tmp_path: Path) -> None:
    desk = blog(tmp_path, f"{datetime.now(UTC):%Y-%m-%d}")
    (tmp_path / "other.yaml").write_text(CONFIG + '    subject: "{{ led }}"\n')
    told = desk.call("--config", "other.yaml", "build", "quay").err
    assert "other.yaml, `subject` of quay, edition " in told


def test_a_post_without_a_title_is_told_with_what_readers_see_in_its_place(tmp_path: Path) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    desk = blog(tmp_path, today)
    post = tmp_path / "blog" / "_posts" / f"{today}-empty.md"
    post.write_text("---\ncategories: [News]\n---\nSomebody forgot to say what this is about.\n")
    told = "1 story has no title of its own, so its file's name is shown: Empty. A `title:` in a post's front matter"
    assert told in " ".join(desk.call("build", "quay").out.split())
    assert told in " ".join(desk.call("build", "quay").out.split()), "also when its file did not change"
    assert told in " ".join(desk.call("check", "1").out.split())
    post.write_text("---\ntitle: Empty\n---\nSomebody says that it is called so.\n")
    assert "no title of its own" not in " ".join(desk.call("build", "quay").out.split())


def test_a_draft_is_edited_and_built_anew_when_that_is_undone(tmp_path: Path) -> None:
    today = datetime.now(UTC)
    days = [f"{today - timedelta(days=back):%Y-%m-%d}" for back in (1, 2, 3)]
    desk = blog(tmp_path, *days)
    assert desk.call("build", "quay").status == 0
    nothing = desk.call("edit", "1")
    assert (nothing.status, "say what to change: --subject, --without" in nothing.err) == (2, True)
    both = desk.call("edit", "1", "--undo", "--subject", "x")
    assert (both.status, "--undo forgets all edits: give it alone" in both.err) == (2, True)
    edited = desk.call("edit", "1", "--without", "1", "--subject", "High water")
    assert "Issue 1  quay #1  draft, edited\nHigh water\n" in edited.out
    assert "Next: newsletter preview 1 --open, then newsletter send 1." in edited.out
    shown = desk.call("show", "1", "--json").json
    assert (shown["edited"], shown["subject"], len(shown["stories"])) == (True, "High water", 2)
    built = desk.call("build", "quay")
    assert "Issue 1 for main was edited, and stays as it is; newsletter edit 1 --undo builds it anew." in built.out
    (tmp_path / "late.md").write_text("Too late.\n")
    late = desk.call("build", "quay", "--note", "late.md").out
    assert "was edited, and did not get the note; newsletter edit 1 --note late.md gives it one; newsletter" in late
    undone = desk.call("edit", "1", "--undo", "--json").json
    assert (undone["edited"], len(undone["stories"])) == (False, 3)
    note = tmp_path / "words.md"
    note.write_text("A word *before*.\n")
    assert "the editor writes: A word before." in desk.call("edit", "1", "--note", str(note)).out
    assert "draft, edited" in desk.call("issues").out
    assert "the editor writes" not in desk.call("edit", "1", "--note", "").out
    wrong = desk.call("edit", "1", "--lead", "9")
    assert (wrong.status, "there is no story 9 in issue 1, which has 3 stories" in wrong.err) == (1, True)
    assert desk.call("edit", "7", "--lead", "1").status == 1


def test_a_post_that_was_mended_since_is_told_before_the_draft_goes(tmp_path: Path) -> None:
    today = datetime.now(UTC)
    desk = blog(tmp_path, f"{today - timedelta(days=1):%Y-%m-%d}")
    assert desk.call("build", "quay").status == 0
    [post] = (tmp_path / "blog" / "_posts").iterdir()
    post.write_text(post.read_text().replace("The tide", "The ebb"))
    assert "since this was built" not in desk.call("check", "1", "--offline").out
    assert "since this was built" not in " ".join(desk.call("send", "1").err.split())
    desk.call("collect")
    assert "has changed, or gone, since this was built." in " ".join(desk.call("send", "1").err.split())
    told = " ".join(desk.call("check", "1", "--offline").out.split())
    assert "has changed, or gone, since this was built." in told
    assert "`newsletter build quay --edition main` takes what is there now." in told
    desk.call("build", "quay")
    assert "since this was built" not in desk.call("check", "1", "--offline").out

"""Every story can be opened."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.domain.finding import Finding, warn
from newsletter.domain.issue import IssueState, IssueStory
from newsletter.domain.urls import canonical
from newsletter.preflight.addresses import is_web
from newsletter.preflight.examined import Examined
from newsletter.text.clocks import day

_NOTED = 5  # a site whose pictures are all gone would fill a screen


def left_out(examined: Examined) -> Iterator[Finding]:
    """What the issue lacks since it was built: a picture that cannot be had, a source that did not answer …"""
    notes = [note if note.endswith((".", "!", "?")) else f"{note}." for note in examined.issue.notes]
    for note in notes[:_NOTED]:
        yield warn("build", note, "Put that right and build again, or send it as it is.")
    if (rest := len(notes) - _NOTED) > 0:
        reason = f"There are {rest} more notes of this kind."
        yield warn("build", reason, f"`newsletter show {examined.issue.id}` has them all.")


def changed_since(examined: Examined) -> Iterator[Finding]:
    """Who mended a post would send the mistake all the same."""
    issue, titles = examined.issue, examined.known.changed
    if not titles:
        return
    told = f"“{titles[0]}”" + (f" and {len(titles) - 1} more" if len(titles) > 1 else "")
    has, anew = (
        "has" if len(titles) == 1 else "have",
        f"`newsletter build {issue.newsletter} --edition {issue.edition}`",
    )
    if issue.edited:
        anew = f"the next `newsletter edit {issue.id}`"
    elif issue.state is IssueState.SCHEDULED:
        anew = f"`newsletter pause {issue.id}`, then {anew},"
    yield warn(
        "stories",
        f"{told} {has} changed, or gone, since this was built.",
        f"{anew[0].upper()}{anew[1:]} takes what is there now.",
    )


def ahead_of_time(examined: Examined) -> Iterator[Finding]:
    """Nothing else keeps such a draft from going out."""
    issue, zone = examined.issue, examined.edition.timezone
    if issue.is_ahead:
        reason = (
            f"It was built on {day(issue.built_at, zone)} as if it were {day(issue.as_of, zone)}: "
            "some of its stories may not be on the web yet."
        )
        yield warn("build", reason, f"`newsletter build {issue.newsletter}` makes a draft of what there is now.")


def homeless_story(examined: Examined) -> Iterator[Finding]:
    stories = examined.issue.stories
    if homeless := [story.title for story in stories if not is_web(story.url)]:
        reason = (
            f"{len(homeless)} of {len(stories)} stories have no web address, so no reader can open them, "
            f"first: {homeless[0]}."
        )
        remedy = "Name the site's `url`, with https:// before it, in its _config.yml, or in its source in config.yaml."
        yield warn("stories", reason, remedy)


def one_page_twice(examined: Examined) -> Iterator[Finding]:
    """Two stories behind one address: a site's translations that share it, or a feed that has one for all its items."""
    first: dict[str, IssueStory] = {}
    for story in examined.issue.stories:
        before = first.setdefault(canonical(story.url), story)
        if before is not story and is_web(story.url):
            reason = f"Two stories lead to one page, {story.url}: “{before.title}” and “{story.title}”."
            yield warn("stories", reason, "Give each its own address, or leave one out by its category.")
            return


def not_in_the_text(examined: Examined) -> Iterator[Finding]:
    issue = examined.issue
    missing = [story.title for story in issue.stories if is_web(story.url) and story.url not in issue.text]
    if issue.text.strip() and missing:
        reason = f"The text part lacks {len(missing)} of {len(issue.stories)} stories, first: {missing[0]}."
        yield warn("text", reason, "Its template leaves them out: show `story.url` of each in the .txt template.")

"""Each edition's `subject`, tried on an issue that nobody will get: with all its stories, and with one alone."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.app import App
from newsletter.doctor.symptom import Symptom, error, ok
from newsletter.domain.digest import Also, Digest, DigestStory
from newsletter.domain.edition import Edition
from newsletter.errors import TemplateError

_REMEDY = "A subject knows `lead`, `stories`, `edition`, `number` and `date`: docs/guide/templates.md."
_RARE = "An issue may have one story only; ask with {% if stories|length > 1 %}."


def examine(app: App) -> Iterator[Symptom]:
    wrong = 0
    for key in app.config.newsletters:
        for edition in app.editions(key):
            for trouble, remedy in _troubles(app, edition):
                wrong += 1
                yield error("templates", trouble, remedy)
    if not wrong and app.config.newsletters:
        yield ok("templates", "every subject can be written.")


def _troubles(app: App, edition: Edition) -> Iterator[tuple[str, str]]:
    """The first that is found: what goes wrong with many stories goes wrong with one."""
    for stories, remedy in ((edition.max_stories, _REMEDY), (1, _RARE)):
        try:
            app.renderer.subject(sample(app, edition, stories))
        except TemplateError as trouble:
            yield str(trouble), remedy
            return


def sample(app: App, edition: Edition, stories: int) -> Digest:
    return Digest(edition, 1, app.clock(), tuple(_story(app, number) for number in range(1, stories + 1)))


def _story(app: App, number: int) -> DigestStory:
    """One that has whatever a story can have."""
    url = f"https://example.org/{number}"
    return DigestStory(
        story=number,
        title=f"Story {number}",
        url=url,
        published=app.clock(),
        source="Source",
        excerpt="A few words.",
        long_excerpt="A few words more.",
        author="Author",
        category="Category",
        tags=("tag",),
        image=f"{url}.png",
        image_alt="A picture",
        minutes=3,
        also=(Also("Another version", url, "Source"),),
    )

"""What a long work reports to."""

from __future__ import annotations


class Progress:
    """A bar that is not drawn: what a pipe or a log gets. Called with what is done, and of how much."""

    def __call__(self, done: int, total: int | None) -> None: ...

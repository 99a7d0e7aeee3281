"""The addresses that stand in an issue."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IssueLinks:
    """Links that are the same for all readers, absolute: the issue on the web, its archive, the sign-up page."""

    online: str
    archive: str
    signup: str

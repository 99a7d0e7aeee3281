"""What all who get an issue get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.domain.delivery import Claim
from newsletter.domain.subscriber import Reader
from newsletter.text.message import CompiledMessage


@dataclass(frozen=True)
class Copies:
    """One message, what fills it for each reader, and where it goes back to when it cannot be delivered."""

    message: CompiledMessage
    reader_of: Callable[[Claim], Reader]
    return_path: str

"""What is said where PostgreSQL's parts are not installed."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).parents[2]


def lacks_postgres() -> str:
    """How to get them: from the folder that this program came from, where that is known. A registry may have another
    program by our name.
    """
    place = str(_ROOT) if (_ROOT / "pyproject.toml").is_file() else "/path/to/the/clone"
    return f"PostgreSQL needs its driver and its queue: pip install '{place}[postgres]'"

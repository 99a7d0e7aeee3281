"""Fixtures of the services' tests."""

from __future__ import annotations

import pytest

from newsletter.domain import backoff


@pytest.fixture(autouse=True)
def short_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who pushes back is left alone for a moment, not for a quarter of a minute, and hardly slower after it."""
    monkeypatch.setattr(backoff, "PAUSE_FIRST", 0.05)
    monkeypatch.setattr(backoff, "AT_FIRST", 1000.0)

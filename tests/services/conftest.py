"""Fixtures of the services' tests."""

from __future__ import annotations

from tests.sending import short_back_off as short_back_off

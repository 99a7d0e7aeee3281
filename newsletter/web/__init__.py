"""Roof: the public pages, the admin and the API, as one ASGI application."""

from newsletter.web.factory import create_app

__all__ = ["create_app"]

"""Whether `newsletter serve` runs on this machine, where the configuration says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsletter.config import Config

_PATIENCE = 0.5  # seconds
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - a comparison


def served(config: Config) -> str:
    """The address of its admin, "" where nothing answers, or where the admin is off."""
    import http.client  # takes a tenth of a command's start, and few need it

    web = config.web
    if web.password is None or not web.port:
        return ""
    host = _EVERY_ADDRESS.get(web.host, web.host)
    connection = http.client.HTTPConnection(host, web.port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/healthz")
        told = json.loads(connection.getresponse().read(200))
    except (OSError, http.client.HTTPException, ValueError):
        return ""
    finally:
        connection.close()
    is_ours = isinstance(told, dict) and told.get("status") == "ok"
    return f"http://{f'[{host}]' if ':' in host else host}:{web.port}" if is_ours else ""

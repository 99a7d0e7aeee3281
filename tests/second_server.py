"""aiosmtpd on a free port: a mail server that is not ours, to hold the SMTP transport against."""

from __future__ import annotations

from typing import Any

from aiosmtpd.controller import Controller


class Keep:
    """Keeps what comes, and who sent it."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.users: list[str] = []

    async def handle_DATA(self, server: object, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(envelope.original_content)
        self.users.append(session.auth_data.login.decode() if session.auth_data else "")
        return "250 2.0.0 kept"


class SecondServer(Controller):
    """`port` is known once it is started."""

    def __init__(self, handler: Keep, **options: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", port=0, **options)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

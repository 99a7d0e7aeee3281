"""The roof over all: web, scheduler, sender and notices in one process, until somebody says stop."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from newsletter.app import App
from newsletter.errors import ConfigError, NewsletterError
from newsletter.schedule import Scheduler
from newsletter.sender import send_all

if TYPE_CHECKING:
    import uvicorn

    from newsletter.web.connections import Door

_START_SECONDS = 30.0
_DRAIN_SECONDS = 20
_WEB_SECONDS = 5  # for answers that are under way when the rest is over
_KEEP_ALIVE_SECONDS = 5
_BACKLOG = 128  # so many may be accepted at once before the door counts them


async def serve(app: App, listening: socket.socket, stop: asyncio.Event, answering: Callable[[str], None]) -> bool:
    """Runs until `stop` is set, then drains; whether all of it is over. `answering` is called with the address once the
    web answers.

    Closes `listening` (see `listen`) in the end. Raises NewsletterError when the web does not come up.
    """
    web = Web(app, listening)
    scheduler = Scheduler(app)
    ending = asyncio.create_task(_end(scheduler, stop))
    try:
        await web.start()
        scheduler.start()
        answering(address(listening))
        await send_all(app, stop, "serve")
    finally:
        stop.set()
        is_over = await ending
        await web.stop()
    return is_over


async def _end(scheduler: Scheduler, stop: asyncio.Event) -> bool:
    """Beside the sender's drain: both have so long, and whoever asked us to stop has no patience for one after the
    other."""
    await stop.wait()
    return await asyncio.to_thread(scheduler.stop, _DRAIN_SECONDS)


class Web:
    """Uvicorn in a thread with a loop of its own: the sender's work never keeps a reader waiting."""

    def __init__(self, app: App, listening: socket.socket, door: Door | None = None) -> None:
        self._listening = listening
        self._server = _server(app, door)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    async def start(self) -> None:
        self._thread.start()
        waited = 0.0
        while not self._server.started:
            if not self._thread.is_alive() or waited > _START_SECONDS:
                raise NewsletterError("the web part did not start; what stands above says why.")
            await asyncio.sleep(0.02)
            waited += 0.02

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join, _WEB_SECONDS + 2)
        self._listening.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._listening])


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises ConfigError for a host that is none, NewsletterError when the port is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
    except (OSError, ValueError):  # ValueError: a name that cannot even be looked up
        raise ConfigError(f"{host!r} is no address of this machine; --host 127.0.0.1 or 0.0.0.0 is usual.") from None
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except PermissionError:
        raise NewsletterError(f"port {port} is for the system only; take one above 1023 with --port.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise NewsletterError(f"port {port} is taken; name another with --port, or 0 for any free one.") from None
        raise NewsletterError(f"{host}:{port}: {(error.strerror or str(error)).lower()}.") from None


def address(listening: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - shown, not listened on
    return f"http://{shown}:{port}"


def _server(app: App, door: Door | None = None) -> uvicorn.Server:
    import uvicorn

    from newsletter.web import create_app
    from newsletter.web.connections import Connection, Door, room_for

    door = door or Door(room_for(_files()))
    options = uvicorn.Config(
        create_app(app),
        http=partial(Connection, door),  # type: ignore[arg-type]  # uvicorn only calls it
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the web itself reads X-Forwarded-For, from `proxies:` only
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_WEB_SECONDS,
    )
    return uvicorn.Server(options)


def _files() -> int:
    """How many this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**31 if soft == resource.RLIM_INFINITY else soft

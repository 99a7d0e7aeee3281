"""Whoever says nothing keeps no connection: real sockets, an open web, and limits that a test can wait for."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from newsletter.app import App
from newsletter.serve import Web, listen
from newsletter.web.connections import Door, room_for
from tests.web.site import write_issue

PATIENCE = 0.3
LONG = 60.0
FORM = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n"
HEAD = b"POST /subscribe/tech HTTP/1.1\r\nHost: x\r\n" + FORM
WHOLE = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n"


@contextmanager
def served(app: App, most: int = 100, seconds: float = PATIENCE) -> Iterator[int]:
    """The port of a web with such a door."""
    listening = listen("127.0.0.1", 0)
    web = Web(app, listening, Door(most, seconds))
    asyncio.run(web.start())
    try:
        yield int(listening.getsockname()[1])
    finally:
        asyncio.run(web.stop())


def client(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def ended(connection: socket.socket) -> bytes:
    """What still came before the other side hung up."""
    came = b""
    try:
        while piece := connection.recv(1 << 20):
            came += piece
    except ConnectionError:
        pass
    return came


def test_who_hangs_up_in_the_midst_of_a_request_fills_no_log(app: App, caplog: pytest.LogCaptureFixture) -> None:
    with served(app) as port:
        for place in ("/subscribe/tech", "/embed/tech", "/api/v1/newsletters/tech/subscribe"):
            with client(port) as connection:
                head = f"POST {place} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                connection.sendall(f"{head}Content-Length: 100\r\n\r\nemail".encode())
        with client(port) as connection:  # which is served behind them
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b"200" in ended(connection)
    assert not [record for record in caplog.records if record.exc_info or record.levelno >= logging.WARNING]


@pytest.mark.parametrize("half", [b"", b"GET / HT", HEAD, HEAD + b"\r\nemail=", WHOLE + WHOLE[:9]])
def test_a_request_that_never_ends_is_cut_off(app: App, half: bytes) -> None:
    with served(app) as port, client(port) as connection:
        connection.sendall(half)
        assert ended(connection).count(b"200 OK") == half.count(WHOLE)


def test_drop_by_drop_is_no_way_to_stay(app: App) -> None:
    with served(app) as port, client(port) as connection:
        connection.sendall(HEAD + b"\r\n")
        with pytest.raises(ConnectionError):
            for _ in range(100):
                connection.sendall(b"x")
                time.sleep(PATIENCE / 5)


def test_an_answer_that_nobody_fetches_is_cut_off(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    large = 20_000_000
    write_issue(app)
    monkeypatch.setattr("newsletter.web.archive.fill_html", lambda *_: "x" * large)
    with served(app) as port, client(port) as connection:
        connection.sendall(WHOLE.replace(b"/robots.txt", b"/archive/tech/1"))
        time.sleep(PATIENCE * 10)  # also on a busy machine longer than the server is patient
        assert 0 < len(ended(connection)) < large


def test_who_waits_for_us_is_never_cut_off(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> dict[str, str]:
        time.sleep(PATIENCE * 2)
        return {"tech": "", "long": ""}

    monkeypatch.setattr("newsletter.web.signup._rhythms", slow)
    with served(app) as port, client(port) as connection:
        for _ in range(2):
            connection.sendall(WHOLE.replace(b"/robots.txt", b"/"))
            assert connection.recv(1 << 20).startswith(b"HTTP/1.1 200 OK")


def test_a_crowd_that_says_nothing_keeps_nobody_out(app: App, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "newsletter.web")
    with served(app, most=5, seconds=LONG) as port, ExitStack() as opened:
        crowd = []
        for _ in range(30):
            crowd.append(opened.enter_context(client(port)))
            crowd[-1].sendall(HEAD)
        for _ in range(3):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
                assert answer.status == 200
        assert [ended(one) for one in crowd[:25]] == [b""] * 25
    assert [record.getMessage()[:39] for record in caplog.records] == ["all 5 connections of the web are taken:"]


@pytest.mark.parametrize(("files", "connections"), [(256, 128), (1024, 640), (1_048_576, 2048)])
def test_sender_and_database_keep_their_share_of_files(files: int, connections: int) -> None:
    assert room_for(files) == connections

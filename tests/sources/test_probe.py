"""Whether an address is alive: a real server, on the loopback, which only the test trusts."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from newsletter.domain.answer import Answer
from newsletter.sources.probe import probe

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
PAGES: dict[tuple[str, str], tuple[int, dict[str, str]]] = {
    ("HEAD", "/fine"): (200, {"Content-Type": "text/html; charset=utf-8"}),
    ("HEAD", "/gone"): (410, {}),
    ("GET", "/gone"): (410, {}),
    ("HEAD", "/no-head"): (405, {}),
    ("GET", "/no-head"): (200, {"Content-Type": "image/png"}),
    ("HEAD", "/lies"): (404, {}),
    ("GET", "/lies"): (200, {}),
    ("HEAD", "/busy"): (429, {}),
    ("HEAD", "/moved"): (301, {"Location": "/moved-again"}),
    ("HEAD", "/moved-again"): (308, {"Location": "/fine"}),
    ("HEAD", "/for-now"): (302, {"Location": "/fine"}),
    ("HEAD", "/round"): (302, {"Location": "/round"}),
    ("HEAD", "/inside"): (301, {"Location": "http://169.254.169.254/latest/"}),
    ("HEAD", "/scheme"): (301, {"Location": "file:///etc/passwd"}),
}


class Server(http.server.ThreadingHTTPServer):
    asked: list[str]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            found.asked.append(f"{self.command} {self.path}")
            if self.path == "/silent":
                over.wait(5)
                return
            status, headers = PAGES.get((self.command, self.path), (404, {}))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        do_HEAD = do_GET = answer  # noqa: N815 - their names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    over = threading.Event()
    found = Server(("127.0.0.1", 0), Handler)
    found.daemon_threads, found.asked = True, []
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    over.set()
    found.shutdown()
    found.server_close()
    thread.join()


def ask(server: Server, path: str, seconds: float = 5.0) -> Answer:
    server.asked.clear()
    port = server.server_address[1]
    return probe(f"http://127.0.0.1:{port}{path}", NOW, trusted=("127.0.0.1", port), seconds=seconds)


@pytest.mark.parametrize(
    ("path", "status", "asked"),
    [
        ("/fine", 200, ["HEAD /fine"]),
        ("/fine#part", 200, ["HEAD /fine"]),
        ("/gone", 410, ["HEAD /gone", "GET /gone"]),
        ("/no-head", 200, ["HEAD /no-head", "GET /no-head"]),
        ("/lies", 200, ["HEAD /lies", "GET /lies"]),
        ("/busy", 429, ["HEAD /busy"]),
        ("/for-now", 200, ["HEAD /for-now", "HEAD /fine"]),
    ],
)
def test_head_first_and_get_where_it_is_refused(server: Server, path: str, status: int, asked: list[str]) -> None:
    answer = ask(server, path)
    assert (answer.status, answer.moved_to, answer.trouble) == (status, "", "")
    assert server.asked == asked


def test_the_kind_of_what_stands_there(server: Server) -> None:
    assert ask(server, "/fine").kind == "text/html"
    assert ask(server, "/no-head").kind == "image/png"


def test_a_permanent_redirect_is_told_with_its_end(server: Server) -> None:
    assert ask(server, "/moved").moved_to.endswith("/fine")


@pytest.mark.parametrize(
    ("path", "trouble"),
    [("/round", "redirected more than 8 times"), ("/scheme", "no web address"), ("/silent", "nothing came")],
)
def test_what_leads_nowhere(server: Server, path: str, trouble: str) -> None:
    answer = ask(server, path, seconds=0.3 if path == "/silent" else 5)
    assert (answer.status, answer.is_dead) == (0, True)
    assert trouble in answer.trouble


def test_no_redirect_leads_to_a_private_network(server: Server) -> None:
    answer = ask(server, "/inside")
    assert (answer.private, answer.is_dead) == (True, False)
    assert "169.254.169.254" in answer.trouble
    assert server.asked == ["HEAD /inside"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://10.0.0.1/", "http://2130706433/"]
)
def test_what_nobody_trusts_is_not_asked(url: str) -> None:
    assert probe(url, NOW).private


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://", "https://exa mple.org/", "http://a" + "a" * 300 + ".example/"]
)
def test_what_is_no_address_raises_nothing(url: str) -> None:
    assert probe(url, NOW).status == 0


def test_nobody_listens(server: Server) -> None:
    answer = probe("http://127.0.0.1:9/", NOW, trusted=("127.0.0.1", 9))
    assert "nothing listens there" in answer.trouble

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import OffLimits, SourceError
from newsletter.sources import guard
from newsletter.sources.fetch import AskLater, Limits, fetch, fetch_picture
from tests.web_server import Answer, WebServer, web_server

NOW = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def redirect(to: str, status: int = 302) -> Answer:
    return Answer(status, headers={"Location": to})


def test_the_operators_own_address_may_be_private(web: WebServer) -> None:
    web.pages["/feed"] = Answer(body=b"hello", headers={"ETag": '"1"', "Content-Type": "text/xml"})
    answer = fetch(web.url("/feed"), {"X-Own": "yes"}, NOW)
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"hello", '"1"')
    sent = web.asked[0][1]
    assert sent["host"] == f"127.0.0.1:{web.port}"
    assert sent["x-own"] == "yes"
    assert sent["user-agent"].startswith("newsletter")


def test_not_modified(web: WebServer) -> None:
    web.pages["/"] = lambda headers: Answer(304 if headers.get("if-none-match") == '"1"' else 200)
    assert fetch(web.url(), {"If-None-Match": '"1"'}, NOW).status == 304


def test_a_validator_of_other_than_english_letters_goes_back_as_it_came(web: WebServer) -> None:
    web.pages["/"] = lambda headers: Answer(304 if "if-none-match" in headers else 200, headers={"ETag": '"\xe9t\xe9"'})
    told = fetch(web.url(), {"User-Agent": "newsletter (+https://möhre.example.org/日本)"}, NOW).headers["etag"]
    assert fetch(web.url(), {"If-None-Match": told}, NOW).status == 304
    assert web.asked[-1][1]["if-none-match"] == '"\xe9t\xe9"'


def test_redirects_within_the_operators_server_are_followed(web: WebServer) -> None:
    web.pages |= {"/a": redirect("/b", 301), "/b": redirect(web.url("/c"), 308), "/c": Answer(body=b"c")}
    answer = fetch(web.url("/a"), {}, NOW)
    assert (answer.body, answer.url, answer.moved_to) == (b"c", web.url("/c"), web.url("/c"))


def test_only_permanent_redirects_move_a_feed(web: WebServer) -> None:
    web.pages |= {
        "/a": redirect("/b", 301),
        "/b": redirect("/c", 302),
        "/c": redirect("/d", 301),
        "/d": Answer(body=b"d"),
    }
    assert fetch(web.url("/a"), {}, NOW).moved_to == web.url("/b")


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/",
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "//192.168.1.1/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
    ],
)
def test_no_redirect_leads_into_a_private_network(web: WebServer, target: str) -> None:
    web.pages["/a"] = redirect(target)
    with pytest.raises(OffLimits, match="not fetched"):
        fetch(web.url("/a"), {}, NOW)
    assert len(web.asked) == 1


def test_another_port_of_the_same_host_is_another_place(web: WebServer) -> None:
    with web_server() as inner:
        web.pages["/a"] = redirect(inner.url("/"))
        with pytest.raises(OffLimits, match="port"):
            fetch(web.url("/a"), {}, NOW)
        assert inner.asked == []


def test_a_public_name_with_one_private_address_is_refused(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if host != "rebind.example.com":
            return real(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.216.34", "10.1.2.3")]

    web.pages["/a"] = redirect("http://rebind.example.com/")
    monkeypatch.setattr("newsletter.sources.guard.socket.getaddrinfo", resolve)
    with pytest.raises(OffLimits, match=r"private network \(10\.1\.2\.3\)"):
        fetch(web.url("/a"), {}, NOW)


def test_endless_redirects_end(web: WebServer) -> None:
    web.pages["/a"] = redirect("/a")
    with pytest.raises(SourceError, match="redirected more than"):
        fetch(web.url("/a"), {}, NOW)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_understood(web: WebServer, status: int, form: str) -> None:
    until = NOW + timedelta(hours=2)
    value = "7200" if form == "seconds" else format_datetime(until, usegmt=True)
    web.pages["/"] = Answer(status, headers={"Retry-After": value})
    with pytest.raises(AskLater) as caught:
        fetch(web.url(), {}, NOW)
    assert caught.value.until == until


def test_a_slip_of_retry_after_does_not_silence_a_feed_for_ever(web: WebServer) -> None:
    web.pages["/"] = Answer(429, headers={"Retry-After": "99999999999999"})
    with pytest.raises(AskLater) as caught:
        fetch(web.url(), {}, NOW)
    assert caught.value.until <= NOW + timedelta(days=7)


@pytest.mark.parametrize(
    ("status", "words"), [(404, "nothing at this"), (410, "gone for good"), (401, "password"), (418, "418")]
)
def test_refusals_are_explained(web: WebServer, status: int, words: str) -> None:
    web.pages["/"] = Answer(status)
    with pytest.raises(SourceError, match=words):
        fetch(web.url(), {}, NOW)


def test_packed_answers_are_unpacked_and_bombs_noticed(web: WebServer) -> None:
    packed = {"Content-Encoding": "gzip"}
    web.pages |= {
        "/good": Answer(body=gzip.compress(b"x" * 100_000), headers=packed),
        "/bomb": Answer(body=gzip.compress(b"\0" * 50_000_000), headers=packed),
        "/cut": Answer(body=gzip.compress(b"x" * 1000)[:-9], headers=packed),
        "/junk": Answer(body=b"no gzip", headers=packed),
        "/other": Answer(body=b"?", headers={"Content-Encoding": "br"}),
        "/long": Answer(body=b"x" * 300_000),
    }
    limits = Limits(size=200_000)
    assert len(fetch(web.url("/good"), {}, NOW, limits).body) == 100_000
    for path, words in {
        "/bomb": "larger",
        "/cut": "broke off",
        "/junk": "broke off",
        "/other": "packed",
        "/long": "larger",
    }.items():
        with pytest.raises(SourceError, match=words):
            fetch(web.url(path), {}, NOW, limits)


def test_a_dripping_server_does_not_hold_us(web: WebServer) -> None:
    web.pages["/"] = Answer(body=b"x" * 1000, drip=0.05)
    begun = time.monotonic()
    with pytest.raises(SourceError, match="within"):
        fetch(web.url(), {}, NOW, Limits(seconds=0.4))
    assert time.monotonic() - begun < 3


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(SourceError, match="nothing listens"):
        fetch(f"http://127.0.0.1:{port}/", {}, NOW)


def test_why_a_certificate_is_not_trusted_is_told(certificate: Path) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with web_server(tls) as web, pytest.raises(SourceError, match=r"is not trusted \(self-signed certificate\)\.$"):
        fetch(web.url(host="localhost", scheme="https"), {}, NOW)
    assert not web.asked


def test_a_server_that_speaks_no_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example.org ESMTP\r\n")

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        with pytest.raises(SourceError, match="no HTTP"):
            fetch(f"http://127.0.0.1:{server.getsockname()[1]}/", {}, NOW)
        thread.join()


@pytest.mark.parametrize(
    "url", ["", "feed.xml", "ftp://x.example/", "http://", "https:///x", "http://[::1", "http://a:b:c/"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(SourceError, match="no web address"):
        fetch(url, {}, NOW)


def test_name_and_password_go_to_their_own_server_and_into_no_message(web: WebServer) -> None:
    web.pages["/"] = lambda headers: Answer(200 if headers.get("authorization") == "Basic bWU6c2VjcmV0" else 404)
    address = f"http://me:secret@127.0.0.1:{web.port}"
    assert fetch(address + "/", {}, NOW).status == 200
    with pytest.raises(SourceError) as caught:
        fetch(address + "/missing", {}, NOW)
    assert "secret" not in str(caught.value)


def test_a_picture_is_fetched_from_the_public_web_only(web: WebServer) -> None:
    web.pages["/a.png"] = Answer(body=b"private")
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(OffLimits, match=r"private network|no port of the public web"):
            fetch_picture(web.url("/a.png", host), {}, NOW, 5)
    for address in (
        "http://127.0.0.1/a.png",
        "http://[::1]/",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/a.png",
    ):
        with pytest.raises(OffLimits, match="private network"):
            fetch_picture(address, {}, NOW, 5)
    assert web.asked == []


def test_a_public_picture_that_leads_to_a_private_place_is_refused(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _public(web, monkeypatch)
    web.pages["/a.png"] = Answer(body=b"picture", headers={"ETag": '"1"'})
    web.pages["/in"] = redirect(f"http://127.0.0.1:{web.port}/a.png")
    web.pages["/meta"] = redirect("http://169.254.169.254/latest")
    answer = fetch_picture(f"http://public.example:{web.port}/a.png", {"Accept": "image/png"}, NOW, 5)
    assert (answer.body, answer.headers["etag"]) == (b"picture", '"1"')
    for path in ("/in", "/meta"):
        with pytest.raises(OffLimits, match=r"private network|no port of the public web"):
            fetch_picture(f"http://public.example:{web.port}{path}", {}, NOW, 5)
    assert [path for path, _ in web.asked] == ["/a.png", "/in", "/meta"]


def test_a_missing_or_endless_picture_is_no_feed(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    _public(web, monkeypatch)
    web.pages["/big"] = Answer(body=bytes(20_100_000))
    web.pages["/slow"] = Answer(body=b"x" * 1000, drip=0.2)
    for path, words in (
        ("/none", r"nothing at this address \(404\)\.$"),
        ("/big", "larger than 20 MB, which no picture is"),
        ("/slow", "no complete answer within 0.5 seconds"),
    ):
        with pytest.raises(SourceError, match=words):
            fetch_picture(f"http://public.example:{web.port}{path}", {}, NOW, 0.5 if path == "/slow" else 20)


def _public(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets public.example be the test's server, as if it were on the public web."""
    real = guard._public_address

    def address(host: str, port: int) -> str:
        return "127.0.0.1" if (host, port) == ("public.example", web.port) else real(host, port)

    monkeypatch.setattr("newsletter.sources.guard._public_address", address)

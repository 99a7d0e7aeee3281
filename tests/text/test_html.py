from __future__ import annotations

import ipaddress
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.text.html import clean, to_text
from newsletter.text.links import Address, absolute, is_public_address

BASE = "https://blog.example.org/2026/post/"


@pytest.mark.parametrize(
    ("link", "whole"),
    [
        ("a.html", "https://blog.example.org/2026/post/a.html"),
        ("/a", "https://blog.example.org/a"),
        ("//cdn.example.org/x", "https://cdn.example.org/x"),
        ("#part", "https://blog.example.org/2026/post/#part"),
        (" https://x.example/\n a b ", "https://x.example/%20a%20b"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:image/png;base64,AA", None),
        ("magnet:?xt=1", None),
        ("file:///etc/passwd", None),
        ("http://localhost/", None),
        ("http://LOCALHOST./", None),
        ("http://printer/", None),
        ("http://router.lan/", None),
        ("http://db.internal:5432/", None),
        ("http://127.0.0.1/", None),
        ("http://127.1/", None),
        ("http://2130706433/", None),
        ("http://0x7f000001/", None),
        ("http://0177.0.0.1/", None),
        ("http://①②⑦.⓪.⓪.①/", None),
        ("http://127。0。0。1/", None),
        ("http://%31%32%37.0.0.1/", None),
        ("http://user@127.0.0.1/", None),
        ("http://x.example@10.0.0.1/", None),
        ("http:\\\\169.254.169.254\\latest", None),
        ("http://[::1]/", None),
        ("http://[::ffff:10.0.0.1]/", None),
        ("http://[64:ff9b::a00:1]/", None),
        ("http://[fe80::1%25eth0]/", None),
        ("http://224.0.0.1/", None),
        ("http://999.1.1.1/", None),
        ("http://[nonsense/", None),
        ("https:", None),
        ("", "https://blog.example.org/2026/post/"),
    ],
)
def test_links_become_absolute_or_go(link: str, whole: str | None) -> None:
    assert absolute(link, BASE) == whole


def test_the_sources_own_host_is_no_foreign_ground() -> None:
    assert absolute("/a.png", "http://127.0.0.1:4000/post/") == "http://127.0.0.1:4000/a.png"
    assert absolute("http://127.0.0.2/a.png", "http://127.0.0.1:4000/post/") is None


@given(st.ip_addresses())
def test_a_wrapped_address_is_judged_by_what_is_inside(address: Address) -> None:
    if isinstance(address, ipaddress.IPv4Address):
        wrapped = ipaddress.IPv6Address(f"::ffff:{address}")
        assert is_public_address(wrapped) == is_public_address(address)
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public_address(address)


def test_clean() -> None:
    html = clean(
        "<p style='x' onclick='y()'>Hi <a href='/a' target=_blank>a</a> <a href='javascript:x'>b</a></p>"
        "<script>z()</script>"
        "<img src='p.png' srcset='q.png' alt='P'><img src='http://10.0.0.1/t.gif'><svg><a xlink:href='x'>c</a></svg>"
        "<iframe src='//x'></iframe><form><input></form><style>p{}</style><!-- c -->",
        BASE,
    )
    assert '<p>Hi <a href="https://blog.example.org/a" rel="noopener noreferrer">a</a>' in html
    assert '<img src="https://blog.example.org/2026/post/p.png" alt="P">' in html
    assert not re.search(r"script|style|onclick|srcset|10\.0\.0\.1|svg|iframe|form|input|<!--|target", html)


def test_to_text() -> None:
    html = "<h1>Head</h1><p>One  two<br>three</p><ul><li>a</li><li><p>b</p></li></ul>"
    html += "<table><tr><td>1</td><td>2</td></tr></table>"
    assert to_text(html + "3 &lt; 5<script>x</script>\u202e") == "Head\n\nOne two\nthree\n\n- a\n- b\n\n1 2\n\n3 < 5"


@pytest.mark.parametrize("piece", ["<div>", "<b>", "<", "<!--", "<p>", "<a "])
def test_hostile_html_costs_little(piece: str) -> None:
    html = piece * 50_000
    begun = time.process_time()
    clean(html, BASE)
    to_text(html)
    assert time.process_time() - begun < 10  # a guard against minutes, no measure of speed


_PIECES = [
    *(
        "<a href='",
        "<img src=",
        "javascript:",
        "data:",
        "http://",
        "127.0.0.1",
        "//",
        "\\",
        "'",
        '"',
        ">",
        "</a>",
        "<svg>",
    ),
    *("<script>", "</script>", "<p>", "&#106;", "\x00", "\n", " onload=x ", "<!--", "]]>", "<math>", "<style>", "&lt;"),
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=25).map("".join))
def test_nothing_active_survives(text: str) -> None:
    html = clean(text, BASE)
    assert not re.search(r"<(?:script|svg|style|iframe|math)\b", html)
    for link in re.findall(r"(?:href|src)=\"([^\"]*)\"", html):
        assert link.startswith(("https://", "http://", "mailto:"))

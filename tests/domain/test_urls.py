"""One spelling for each page."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.domain.urls import _undress, canonical, is_page

HOSTS = st.sampled_from(
    ["example.org", "www.example.org", "m.www.Example.org", "EXAMPLE.org:443", "例え.jp", "a.b:8080"]
)
PIECE = st.text(st.sampled_from("abcXYZ019-_.~%2Fé ä&=+:@"), max_size=8)
URLS = st.builds(
    lambda scheme, host, path, query, end: f"{scheme}://{host}/" + "/".join(path) + query + end,
    st.sampled_from(["http", "https", "HTTPS"]),
    HOSTS,
    st.lists(PIECE | st.sampled_from(["amp", "index.html", "..", ".", "x.amp", "%7euser", "%2e%2E"]), max_size=5),
    st.sampled_from(["", "?", "?id=3", "?b=1&a=2", "?utm_source=x&id=3", "?fbclid=1#top", "?amp=1"]),
    st.sampled_from(["", "/", "#comments", "#!/route", "//"]),
)


@pytest.mark.parametrize(
    "spelling",
    [
        "http://www.example.org/2026/ferry/",
        "https://example.org/2026/ferry?utm_source=rss&utm_medium=feed",
        "https://EXAMPLE.org:443/2026/ferry#comments",
        "https://m.example.org/2026/ferry/amp/",
        "https://example.org/2026/ferry/index.html?fbclid=Iw&gclid=x",
        "https://example.org/2026/./x/../ferry?ref=home&mc_cid=1",
        "https://example.org/2026/%66erry",
        "https://www.google.com/amp/s/www.example.org/2026/ferry",
        "https://example-org.cdn.ampproject.org/c/s/example.org/2026/ferry",
        "  https://example.org/2026/ferry  ",
    ],
)
def test_spellings_of_one_page(spelling: str) -> None:
    assert canonical(spelling) == "https://example.org/2026/ferry"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/?p=1", "https://example.org/?p=2"),
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a%2Fb", "https://example.org/a/b"),
        ("https://blog.example.org/a", "https://example.org/a"),
        ("https://example.org/#/a", "https://example.org/#/b"),
        ("https://example.org:8080/a", "https://example.org/a"),
        ("https://example.org/stamp", "https://example.org/st"),
    ],
)
def test_other_pages_stay_apart(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    "odd", ["", "mailto:a@b.c", "urn:uuid:1", "http://[broken", "https://example.org:port/x", "//x"]
)
def test_what_is_no_web_address_comes_back(odd: str) -> None:
    assert canonical(odd) == odd


@given(URLS)
@example("https://example.org/%2525")
@example("https://example.org/a%")
def test_canonical_twice_is_canonical_once(url: str) -> None:
    assert canonical(canonical(url)) == canonical(url)


@given(URLS)
def test_the_short_way_for_plain_addresses_is_no_other_way(url: str) -> None:
    assert canonical(url) == _undress(url.strip())


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


def test_a_front_page_is_no_page() -> None:
    assert not any(is_page(canonical(url)) for url in ("https://example.org/", "http://www.example.org", ""))
    assert is_page(canonical("https://example.org/?p=3"))

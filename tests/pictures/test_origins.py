"""Where a picture comes from: the site's folder and nothing beside it, else the web."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from newsletter.errors import PictureError
from newsletter.pictures.origins import Local, LocalSite, Remote, origin

SITE = "https://blog.example.org"


@pytest.fixture
def site(tmp_path: Path) -> LocalSite:
    folder = tmp_path / "site"
    (folder / "assets" / "two words").mkdir(parents=True)
    (folder / "assets" / "a.png").write_bytes(b"a")
    (folder / "assets" / "two words" / "höhe.png").write_bytes(b"b")
    (tmp_path / "secret.png").write_bytes(b"secret")
    return LocalSite(SITE, folder)


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/assets/a.png", "a.png"),
        ("/assets/a.png?v=3#top", "a.png"),
        ("//assets/./a.png", "a.png"),
        ("/assets/two%20words/h%C3%B6he.png", "two words/höhe.png"),
        ("/assets/x/../a.png", "a.png"),
    ],
)
def test_what_the_site_has_is_taken_from_its_folder(site: LocalSite, address: str, file: str) -> None:
    for own in (SITE, SITE.replace("https", "http"), SITE.upper().replace("HTTPS", "https")):
        found = origin(own + address, site)
        assert isinstance(found, Local)
        assert found.path == site.folder / "assets" / file


def test_a_site_below_a_path_of_its_host(site: LocalSite) -> None:
    below = LocalSite(f"{SITE}/blog", site.folder)
    assert isinstance(origin(f"{SITE}/blog/assets/a.png", below), Local)
    assert isinstance(origin(f"{SITE}/assets/a.png", below), Remote)
    assert isinstance(origin(f"{SITE}/blogs/assets/a.png", below), Remote)


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example.net/assets/a.png", f"{SITE}:8443/assets/a.png", f"{SITE}/assets/none.png"]
)
def test_all_else_is_the_webs(site: LocalSite, address: str) -> None:
    assert isinstance(origin(address, site), Remote)
    assert origin(f"{SITE}/assets/a.png", None) == Remote(f"{SITE}/assets/a.png")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.png",
        "/assets/../../secret.png",
        "/%2e%2e/secret.png",
        "/assets/..%2f..%2fsecret.png",
        "/../nothing.png",
    ],
)
def test_no_path_leads_out_of_the_folder(site: LocalSite, path: str) -> None:
    with pytest.raises(PictureError, match="leads out of the site's folder"):
        origin(SITE + path, site)


def test_no_link_leads_out_of_the_folder(site: LocalSite) -> None:
    (site.folder / "assets" / "link.png").symlink_to(site.folder.parent / "secret.png")
    (site.folder / "out").symlink_to(site.folder.parent)
    (site.folder / "circle.png").symlink_to("circle.png")
    for path in ("/assets/link.png", "/out/secret.png"):
        with pytest.raises(PictureError, match="leads out"):
            origin(SITE + path, site)
    assert isinstance(origin(f"{SITE}/circle.png", site), Remote)


def test_a_link_to_the_folder_itself_and_links_within_it_are_followed(site: LocalSite, tmp_path: Path) -> None:
    (tmp_path / "there").symlink_to(site.folder)
    (site.folder / "b.png").symlink_to("assets/a.png")
    assert isinstance(origin(f"{SITE}/b.png", LocalSite(SITE, tmp_path / "there")), Local)


@pytest.mark.parametrize("path", ["/a%00b.png", "/" + "x" * 5000, "/assets", "/"])
def test_what_no_file_can_be_called_is_none(site: LocalSite, path: str) -> None:
    assert isinstance(origin(SITE + path, site), Remote)


def test_a_pipe_is_no_file(site: LocalSite) -> None:
    os.mkfifo(site.folder / "pipe.png")
    assert isinstance(origin(f"{SITE}/pipe.png", site), Remote)


def test_its_state_changes_with_the_file(site: LocalSite) -> None:
    first = origin(f"{SITE}/assets/a.png", site)
    (site.folder / "assets" / "a.png").write_bytes(b"other")
    assert origin(f"{SITE}/assets/a.png", site) != first

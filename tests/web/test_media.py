"""/media: pictures for ever and for everybody, nothing else; and the archive shows those that travelled with mails."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.illustrating import media_folder
from newsletter.pictures.values import Shaped
from newsletter.store import pictures
from newsletter.store.tables import issues as issues_table
from newsletter.text import media
from tests.pictures.made import file, quarters
from tests.web.site import write_issue

PNG = file(quarters(40, 40))
TRAVELLED = "e" * 32 + ".png"


@pytest.fixture
def name(app: App) -> str:
    return media_folder(app).keep(Shaped(PNG, "png"))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_picture_is_given_to_everybody_and_kept_for_ever(web: TestClient, name: str, method: str) -> None:
    answer = web.request(method, f"/media/{name}")
    assert answer.status_code == 200
    assert answer.content == (PNG if method == "GET" else b"")
    assert answer.headers["content-length"] == str(len(PNG))
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_else_is_there(web: TestClient, app: App, name: str) -> None:
    folder = media_folder(app).folder
    (folder / "note.txt").write_text("private")
    (folder / ".made").mkdir(exist_ok=True)
    (folder / ".made" / "a.json").write_text("{}")
    for path in (
        "/media", "/media/", "/media/note.txt", "/media/.made/a.json", "/media/.made", f"/media/{name.upper()}",
        "/media/..%2fconfig.yaml", "/media/../config.yaml", "/media/%2e%2e/config.yaml", f"/media/x/{name}",
        f"/media/{name}%00", f"/media/{name}%0a", f"/media/{'0' * 32}.png",
    ):  # fmt: skip
        answer = web.get(path)
        assert answer.status_code == 404, path
        assert "private" not in answer.text
        assert "no-store" in answer.headers["cache-control"]
    for method in ("POST", "PUT", "DELETE"):
        assert web.request(method, f"/media/{name}").status_code == 405


def test_what_travelled_with_mails_is_shown_on_the_page_of_its_issue(web: TestClient, app: App, name: str) -> None:
    issue = write_issue(app)
    html = f'<p>An issue</p><img src="{media.cid(TRAVELLED)}" alt=""><img src="https://x.example/{name}" alt="">'
    with app.database.write() as connection:
        connection.execute(update(issues_table).where(issues_table.c.id == issue.id).values(html=html))
        pictures.keep(connection, {TRAVELLED: PNG})
        pictures.keep(connection, {TRAVELLED: PNG})
    page = web.get("/archive/tech/1").text
    assert f'src="/media/{TRAVELLED}"' in page
    assert f'src="https://x.example/{name}"' in page
    assert "cid:" not in page
    assert web.get(f"/media/{TRAVELLED}").content == PNG

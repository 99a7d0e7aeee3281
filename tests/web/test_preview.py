"""The preview below /admin: the operator's alone, out of the message's own bytes, and it changes nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.domain.issue import Issue, IssueState
from newsletter.outgoing import outgoing, stand_in
from newsletter.preview.views import VIEWS
from newsletter.services import readers
from newsletter.services.subscribe import SignUp
from newsletter.store import issues
from newsletter.text.slots import CLOSE, OPEN
from newsletter.text.token import PREFERENCES, UNSUBSCRIBE
from newsletter.web import create_app
from tests.web.site import CONFIG, make_app, write_issue
from tests.web.test_pages import everything

AUTH = ("operator", "a long password")
PAGES = ["", "/view/dark", "/message.eml", "/message.html", "/message.txt"]


@pytest.fixture
def issue(app: App) -> Issue:
    return write_issue(app, state=IssueState.DRAFT)


def add(app: App, email: str = "ada@example.org", edition: str = "uk") -> int:
    wish = SignUp("tech", edition, email, "Ada <Whitlock>")
    return readers.add_active(app.database, app.signer, wish, app.clock()).subscriber.id


def rewrite(app: App, issue: Issue, **changed: object) -> None:
    with app.database.write() as connection:
        issues.save_draft(connection, replace(issue, **changed))


@pytest.mark.parametrize("page", PAGES)
def test_only_the_operator_sees_it(app: App, web: TestClient, issue: Issue, page: str) -> None:
    path = f"/admin/issues/{issue.id}/preview{page}"
    assert web.get(path).status_code == 401
    assert web.get(path, auth=("operator", "a wrong password")).status_code == 401
    assert web.get(path, auth=AUTH).status_code == 200
    assert web.get("/admin/issues/99/preview" + page, auth=AUTH).status_code == 404
    assert web.get("/admin/issues/x/preview" + page, auth=AUTH).status_code == 404


def test_without_a_password_there_is_none(tmp_path: object) -> None:
    app = make_app(tmp_path, config=CONFIG.replace(', password: "a long password"', ""))
    number = write_issue(app).id
    with TestClient(create_app(app)) as web:
        for page in PAGES:
            assert web.get(f"/admin/issues/{number}/preview{page}", auth=AUTH).status_code == 404


def test_looking_changes_nothing(app: App, web: TestClient, issue: Issue) -> None:
    add(app)
    web.get("/admin", auth=AUTH)
    before = everything(app)
    for page in PAGES:
        for method in ("GET", "HEAD"):
            path = f"/admin/issues/{issue.id}/preview{page}?as=ada@example.org"
            assert web.request(method, path, auth=AUTH).status_code == 200
        assert web.post(f"/admin/issues/{issue.id}/preview{page}", auth=AUTH).status_code == 405
    assert everything(app) == before


def test_the_file_is_what_is_sent(app: App, web: TestClient) -> None:
    started = write_issue(app, state=IssueState.SENT)
    with app.database.read() as connection:
        started = issues.get(connection, started.id)
    ready = outgoing(app, started)
    answer = web.get(f"/admin/issues/{started.id}/preview/message.eml", auth=AUTH)
    assert answer.content == b"".join(ready.message.fill(ready.reader_of(stand_in(app))))
    assert answer.headers["content-disposition"] == f'attachment; filename="message-{started.id}.eml"'


def test_an_issue_that_goes_on_later_is_the_same_message_to_the_last_byte(app: App) -> None:
    with app.database.read() as connection:
        started = issues.get(connection, write_issue(app, state=IssueState.SENDING).id)
    later = replace(app, clock=lambda: app.clock() + timedelta(days=1))
    whole = []
    for at in (app, later):
        ready = outgoing(at, started)
        whole.append(b"".join(ready.message.fill(ready.reader_of(stand_in(app)._replace(since=started.built_at)))))
    assert whole[0] == whole[1]
    assert b"Date: Fri, 20 Nov 2026 08:00:00" in whole[0]  # as it started


def test_the_page_tells_what_is_in_the_message(web: TestClient, issue: Issue) -> None:
    page = web.get(f"/admin/issues/{issue.id}/preview", auth=AUTH).text
    assert "Chips &amp; &#34;salsa&#34; &lt;b&gt;" in page
    assert "List-Unsubscribe-Post" in page
    assert "It must not be sent" in page  # its text part has no way out
    assert "KB" in page
    assert "<script" not in page
    for view in VIEWS:
        assert page.count(f'src="/admin/issues/{issue.id}/preview/view/{view.key}"') == 2


def test_policies(web: TestClient, issue: Issue) -> None:
    """The page runs no script at all; a frame neither runs nor asks anything, and only our own page may show it."""
    first, second = (web.get(f"/admin/issues/{issue.id}/preview", auth=AUTH) for _ in range(2))
    policy = first.headers["content-security-policy"]
    [nonce] = re.findall(r"style-src 'nonce-([\w-]+)'", policy)
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert f'<style nonce="{nonce}">' in first.text
    assert policy != second.headers["content-security-policy"]
    for page in PAGES[1:]:
        frame = web.get(f"/admin/issues/{issue.id}/preview{page}", auth=AUTH).headers["content-security-policy"]
        assert "sandbox allow-popups allow-popups-to-escape-sandbox" in frame
        assert "default-src 'none'" in frame
        assert "img-src 'self' data:" in frame
        assert "frame-ancestors 'self'" in frame


def test_as_a_subscriber(app: App, web: TestClient, issue: Issue) -> None:
    """Their name and address, and no token that would act for them: not in the page, not in a frame, not in a file."""
    reader = add(app)
    base = f"/admin/issues/{issue.id}/preview"
    page = web.get(f"{base}?as=Ada@Example.org", auth=AUTH)
    assert page.status_code == 200
    assert "Ada &lt;Whitlock&gt;" in page.text
    assert "ada@example.org" in web.get(f"{base}/view/light?as=ada@example.org", auth=AUTH).text
    assert "/view/light?as=ada%40example.org" in page.text
    for told in (page.text, *(web.get(f"{base}{one}?as=ada@example.org", auth=AUTH).text for one in PAGES[1:])):
        for purpose in (UNSUBSCRIBE, PREFERENCES):
            assert app.signer.subscription(purpose, reader, "tech") not in told.replace("=\r\n", "")
    for token in set(re.findall(r"/unsubscribe/([\w.-]+)", page.text)):
        assert app.signer.read_subscription(UNSUBSCRIBE, token) == (0, "tech")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("nobody@example.org", "has no subscription to tech"),
        ("nobody", "has no @"),
        ("<script>alert(1)</script>", "&lt;script&gt;"),
    ],
)
def test_as_nobody(web: TestClient, issue: Issue, typed: str, told: str) -> None:
    """The page says so, and shows a stand-in's copy."""
    answer = web.get(f"/admin/issues/{issue.id}/preview", params={"as": typed}, auth=AUTH)
    assert answer.status_code == 404
    assert told in answer.text
    assert "<script" not in answer.text
    assert "reader@example.com" in answer.text
    assert web.get(f"/admin/issues/{issue.id}/preview/view/light", params={"as": typed}, auth=AUTH).status_code == 404


def test_a_reader_who_would_not_get_it_is_told_of(app: App, web: TestClient, issue: Issue) -> None:
    add(app, edition="world")
    page = f"/admin/issues/{issue.id}/preview?as=ada@example.org"
    assert "gets the edition world, not uk" in web.get(page, auth=AUTH).text
    readers.remove(app.database, app.signer, ["ada@example.org"], None, "test", app.clock())
    assert "has unsubscribed" in web.get(page, auth=AUTH).text
    readers.add(app.database, app.signer, SignUp("tech", "uk", "new@example.org"), app.clock())
    waiting = web.get(f"/admin/issues/{issue.id}/preview?as=new@example.org", auth=AUTH).text
    assert "has not confirmed yet" in waiting
    readers.erase(app.database, app.signer, "ada@example.org", "test", app.clock())
    assert web.get(page, auth=AUTH).status_code == 404


def test_editions_lead_to_each_other(app: App, web: TestClient, issue: Issue) -> None:
    other = write_issue(app, edition="world", state=IssueState.DRAFT)
    with app.database.write() as connection:
        old = replace(issue, id=0, edition="world", number=7, built_at=issue.built_at.replace(year=2025))
        issues.save_draft(connection, old)
    page = web.get(f"/admin/issues/{issue.id}/preview", auth=AUTH).text
    assert f'<a href="/admin/issues/{other.id}/preview">Tech Decoded World</a>' in page
    assert page.count('/preview">Tech Decoded World') == 1
    assert (
        f'<a href="/admin/issues/{issue.id}/preview">Tech Decoded</a>'
        in web.get(f"/admin/issues/{other.id}/preview", auth=AUTH).text
    )
    assert f'href="/admin/issues/{issue.id}/preview"' in web.get("/admin", auth=AUTH).text


def test_a_message_that_cannot_be_made_is_explained(app: App, web: TestClient, issue: Issue) -> None:
    rewrite(app, issue, html=f"{issue.html}{OPEN}shoe_size{CLOSE}")
    page = web.get(f"/admin/issues/{issue.id}/preview", auth=AUTH)
    assert page.status_code == 200
    assert "cannot be made into a message" in page.text
    assert "shoe_size" in page.text
    assert "It must not be sent" in page.text
    assert "<iframe" not in page.text
    assert web.get(f"/admin/issues/{issue.id}/preview/view/light", auth=AUTH).status_code == 404


def test_a_large_issue_is_shown_and_judged(app: App, web: TestClient, issue: Issue) -> None:
    rewrite(app, issue, html=issue.html.replace("</body>", "<p>Much of it.</p>" * 7_000 + "</body>"), subject="")
    page = web.get(f"/admin/issues/{issue.id}/preview", auth=AUTH).text
    assert "Gmail cuts it off at 102 KB, and the unsubscribe link with it." in page
    assert "(no subject)" in page


def test_pictures_come_from_here(app: App, web: TestClient, issue: Issue) -> None:
    name = f"{'0a' * 16}.jpg"
    rewrite(
        app, issue, html=issue.html.replace("</body>", f'<img src="https://cdn.example.net/m/{name}" alt=""></body>')
    )
    frame = web.get(f"/admin/issues/{issue.id}/preview/view/light", auth=AUTH).text
    assert f'src="/media/{name}"' in frame
    assert "cdn.example.net" not in frame

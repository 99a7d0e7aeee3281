"""The pages without a browser: what they answer, what they change, what they give away."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy import insert, select, update
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.domain.issue import IssueState
from newsletter.domain.notice import NoticeKind
from newsletter.domain.subscriber import Consent, ConsentAction, ConsentMethod, SubscriptionState
from newsletter.schedule import tick
from newsletter.services import readers
from newsletter.services.preferences import change_address
from newsletter.services.steer import cancel, schedule
from newsletter.services.subscribe import SignUp
from newsletter.store import consents, subscribers, tables
from newsletter.text.token import ADDRESS, CONFIRM, PREFERENCES, UNSUBSCRIBE
from newsletter.web import create_app
from tests.web.site import CONFIG, TITLE, make_app, write_issue

FORM = {"email": "ann@example.org", "name": "Ann", "edition": "uk", "homepage": ""}


def everything(app: App) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with app.database.read() as connection:
        return {
            name: [tuple(row) for row in connection.execute(select(table))]
            for name, table in tables.metadata.tables.items()
        }


def states(app: App) -> dict[str, str]:
    return {one.subscriber.email: one.state.value for one in readers.listing(app.database)}


def join(app: App, email: str = "ann@example.org", edition: str = "uk") -> int:
    wish = SignUp("tech", edition, email, "Ann")
    return readers.add_active(app.database, app.signer, wish, app.clock()).subscriber.id


def confirm_token(app: App) -> str:
    with app.database.read() as connection:
        data = connection.execute(select(tables.notices.c.data).where(tables.notices.c.kind == CONFIRM)).scalars().all()
    return app.signer.sign_expiring(CONFIRM, data[-1]["payload"])


def all_links(app: App, web: TestClient) -> list[str]:
    reader = join(app)
    web.post("/subscribe/tech", data={**FORM, "email": "waiting@example.org"})
    write_issue(app)
    address = app.signer.sign_expiring(ADDRESS, f"{reader}:0:ann@example.org:new@example.org")
    return [
        "/", "/subscribe/tech", "/embed/tech", "/archive/tech", "/archive/tech?edition=world", "/archive/tech/1",
        "/archive/tech/feed.xml", f"/confirm/{confirm_token(app)}", f"/address/{address}",
        f"/unsubscribe/{app.signer.subscription(UNSUBSCRIBE, reader, 'tech')}",
        f"/preferences/{app.signer.subscription(PREFERENCES, reader, 'tech')}",
        "/style.css", "/robots.txt", "/healthz", "/api/v1/status", "/api/v1/newsletters/tech", "/api/docs",
        "/api/openapi.json",
    ]  # fmt: skip


def test_get_and_head_never_change_anything(app: App, web: TestClient) -> None:
    links = all_links(app, web)
    before = everything(app)
    for link in links:
        for method in ("GET", "HEAD"):
            assert web.request(method, link).status_code == 200, (method, link)
    assert everything(app) == before


def test_every_answer_is_guarded(app: App, web: TestClient) -> None:
    for link in [*all_links(app, web), "/nothing", "/confirm/x.y"]:
        headers = web.get(link).headers
        assert headers["x-content-type-options"] == "nosniff", link
        assert headers["referrer-policy"] == "no-referrer"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert ("frame-ancestors *" in policy) == link.startswith("/embed/")
        assert "script" not in policy


def test_a_slash_at_the_end_changes_nothing_and_nothing_redirects(app: App, web: TestClient) -> None:
    """A redirect would take its host from the request: whoever caches it could be led to another site."""
    asked = {"host": "evil.example"}
    for link in [*all_links(app, web), "/admin", "/api/v1", "/api", "/nothing", "/archive", "/unsubscribe"]:
        path, mark, query = link.partition("?")
        plain = web.get(link, headers=asked, follow_redirects=False)
        slashed = web.get(f"{path.rstrip('/')}/{mark}{query}", headers=asked, follow_redirects=False)
        assert (slashed.status_code, slashed.content) == (plain.status_code, plain.content), link
        for answer in (plain, slashed):
            assert "location" not in answer.headers
            assert "evil.example" not in answer.text
    token = app.signer.subscription(UNSUBSCRIBE, join(app), "tech")
    answer = web.post(f"/unsubscribe/{token}/", headers=asked, follow_redirects=False)
    assert (answer.status_code, states(app)["ann@example.org"]) == (200, "unsubscribed")


def test_from_form_to_active(app: App, web: TestClient) -> None:
    answer = web.post("/subscribe/tech", data=FORM)
    assert (answer.status_code, states(app)) == (200, {"ann@example.org": "pending"})
    assert "Check your inbox" in answer.text
    token = confirm_token(app)
    assert "Yes, subscribe me" in web.get(f"/confirm/{token}").text
    assert "Welcome to <bdi>Tech Decoded</bdi>" in web.post(f"/confirm/{token}").text
    assert states(app) == {"ann@example.org": "active"}
    assert "Welcome" in web.get(f"/confirm/{token}").text


def record(app: App) -> list[tuple[str, str, str]]:
    """Action, method and words of every line of the record of consent."""
    columns = tables.consents.c
    with app.database.read() as connection:
        rows = connection.execute(select(columns.action, columns.method, columns.words, columns.origin))
        found = [tuple(row) for row in rows]
    assert {row[3] for row in found} == {"192.0.2.7"}
    return [row[:3] for row in found]


@pytest.mark.parametrize("place", ["/subscribe/tech", "/embed/tech"])
def test_the_record_of_consent_quotes_what_the_page_showed(app: App, web: TestClient, place: str) -> None:
    form = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", web.get(place).text.partition("</form>")[0]))
    web.post(place, data={**FORM, "edition": "world"})
    token = confirm_token(app)
    page = re.sub("</?bdi>", "", web.get(f"/confirm/{token}").text)
    web.post(f"/confirm/{token}")
    [(_, method, asked), (action, way, confirmed)] = record(app)
    assert (method, action, way) == ("form", "confirmed", "link")
    assert asked in form
    assert "Tech Decoded World" in asked
    assert "unsubscribe at any time" in asked
    assert f">{confirmed}</button>" in page
    assert "Tech Decoded World" in confirmed


def test_who_leaves_an_edition_reads_its_name(app: App, web: TestClient) -> None:
    web.post("/subscribe/tech", data={**FORM, "edition": "world"})
    web.post(f"/confirm/{confirm_token(app)}")
    with app.database.read() as connection:
        reader = connection.execute(select(tables.subscribers.c.id)).scalar_one()
    link = f"/unsubscribe/{app.signer.subscription(UNSUBSCRIBE, reader, 'tech')}"
    for page in (web.get(link), web.post(link)):
        assert "Tech Decoded World" in page.text


@pytest.mark.parametrize("place", ["/subscribe/tech", "/api/v1/newsletters/tech/subscribe"])
def test_the_record_of_a_sign_up_as_json_quotes_nobody(app: App, web: TestClient, place: str) -> None:
    web.post(place, json={"email": "ann@example.org", "edition": "world"})
    [(action, method, words)] = record(app)
    assert (action, method) == ("asked", "api")
    assert "vouches" in words


def test_words_are_recorded_as_they_are_read_not_as_html(tmp_path: Path) -> None:
    config = CONFIG.replace("name: Tech Decoded World", 'name: "R&D <World>"')
    app = make_app(tmp_path, config=config)
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        assert "send you <bdi>R&amp;D &lt;World&gt;</bdi> by email" in web.get("/embed/tech").text
        web.post("/embed/tech", data={**FORM, "edition": "world"})
    assert "send you R&D <World> by email" in record(app)[0][2]
    app.database.close()


def test_preferences_change_only_what_the_form_says(app: App, web: TestClient) -> None:
    reader = join(app)
    page = f"/preferences/{app.signer.subscription(PREFERENCES, reader, 'tech')}"
    web.post(page, data={"action": "save", "name": "Keep Me", "edition:tech": "uk"})
    assert "Saved." in web.post(page, data={"action": "save", "edition:tech": "world"}).text
    assert 'value="Keep Me"' in web.get(page).text
    for fields in ({"action": "nope"}, {}, {"name": "Gone", "edition:tech": "-"}):
        answer = web.post(page, data=fields)
        assert (answer.status_code, "Saved." in answer.text) == (422, False)
    assert web.post(page, json={"edition:tech": "uk"}).status_code == 422
    assert 'value="Keep Me"' in web.get(page).text
    assert 'value="world" checked' in web.get(page).text


def test_json_has_one_fixed_answer(app: App, web: TestClient) -> None:
    join(app, "known@example.org")
    with app.database.write() as connection:
        subscribers.suppress(connection, app.signer.person("never@example.org"), "complaint", app.clock())
    answers = set()
    for path in ("/subscribe/tech", "/api/v1/newsletters/tech/subscribe"):
        for email in ("new@example.org", "known@example.org", "never@example.org", "new@example.org"):
            answer = web.post(path, json={"email": email, "name": "X", "edition": "uk"})
            answers.add((answer.status_code, answer.text))
    assert len(answers) == 1
    status, body = answers.pop()
    assert status == 202
    assert json.loads(body)["status"] == "accepted"
    assert states(app) == {"new@example.org": "pending", "known@example.org": "active"}


def test_the_form_gives_nothing_away_either(app: App, web: TestClient) -> None:
    join(app, "known@example.org")
    pages = {
        web.post("/subscribe/tech", data={"email": email}).text.replace(email, "E")
        for email in ("new@example.org", "known@example.org", "new@example.org")
    }
    assert len(pages) == 1


@pytest.mark.parametrize("path", ["/subscribe/tech", "/embed/tech"])
def test_a_wrong_address_comes_back_with_a_reason(app: App, web: TestClient, path: str) -> None:
    answer = web.post(path, data={**FORM, "email": '"><script>alert(1)</script>'})
    assert answer.status_code == 422
    assert "<script>" not in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'role="alert"' in answer.text
    assert "Ann" in answer.text  # what was right stays typed
    assert states(app) == {}


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'"x"', b"{", b'{"email": 5}', b'{"email": ["a@example.org"]}', b'{"email": null}',
     b'{"email": "a@example.org", "edition": "mars"}', b'{"email": "a@example.org", "name": {}}', b"\xff",
     b'{"email": "a\\u0000@example.org"}', b"[" * 20000],
)  # fmt: skip
def test_json_that_cannot_be_used_is_refused(app: App, web: TestClient, body: bytes) -> None:
    answer = web.post("/subscribe/tech", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert states(app) == {}


def test_a_sites_own_form_may_ask_for_json(app: App, web: TestClient) -> None:
    """What the browser's fetch sends of a form: how the body is read does not hang on how it is answered."""
    asking = {"accept": "application/json"}
    answer = web.post("/subscribe/tech", data=FORM, headers=asking)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert states(app) == {"ann@example.org": "pending"}
    wrong = web.post("/subscribe/tech", data={**FORM, "email": "nobody"}, headers=asking)
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["email"])
    mixed = web.post("/subscribe/tech", files={"email": (None, "bob@example.org")}, headers=asking)
    assert mixed.status_code == 202


def test_a_database_whose_file_is_gone_takes_nothing_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """SQLite writes on to a deleted file: whoever signs up would be told so, and forgotten with the process."""
    app = make_app(tmp_path)
    with TestClient(create_app(app)) as web:
        assert web.get("/healthz").status_code == 200
        kept = (tmp_path / "subscribers.db").rename(tmp_path / "kept.db")
        assert web.get("/healthz").status_code == 503
        assert web.post("/subscribe/tech", data=FORM).status_code == 503
        assert tick(app, "somebody") == []
        assert "subscribers.db is gone" in caplog.text
        (tmp_path / "subscribers.db").write_bytes(b"")  # another one
        assert web.get("/healthz").status_code == 503
        kept.rename(tmp_path / "subscribers.db")
        assert web.post("/subscribe/tech", data=FORM).status_code == 200


def test_a_database_behind_a_link_is_judged_by_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    app = make_app(tmp_path)
    app.database.close()
    (tmp_path / "subscribers.db").rename(home / "subscribers.db")
    (tmp_path / "subscribers.db").symlink_to(home / "subscribers.db")
    app = make_app(tmp_path)
    monkeypatch.setattr("os.access", lambda place, mode: Path(place).is_relative_to(home))
    with TestClient(create_app(app)) as web:
        assert web.get("/healthz").status_code == 200
    app.database.close()


def test_a_database_that_may_not_be_written_to_is_not_well(
    app: App, web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda place, mode: False)  # root may write everywhere
    answer = web.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "the database may not be written to"})


def test_the_honeypot_takes_and_forgets(app: App, web: TestClient) -> None:
    normal = web.post("/subscribe/tech", data=FORM).text
    trapped = web.post("/subscribe/tech", data={**FORM, "email": "bot@example.org", "homepage": "http://spam"})
    assert trapped.status_code == 200
    assert trapped.text == normal.replace("ann@example.org", "bot@example.org")
    assert set(states(app)) == {"ann@example.org"}
    assert 'class="veil"' in web.get("/subscribe/tech").text


def test_too_many_sign_ups_from_one_place(tmp_path: Path) -> None:
    app = make_app(tmp_path, limit=3)

    def post(client: TestClient, headers: dict[str, str] | None = None) -> int:
        answer = client.post("/subscribe/tech", data=FORM, headers=headers)
        if answer.status_code == 429:
            assert 0 < int(answer.headers["retry-after"]) <= 3600
            assert "try again later" in answer.text
        return answer.status_code

    def network(host: str) -> TestClient:
        return TestClient(made, client=(host, 1))

    made = create_app(app)
    assert [post(network("192.0.2.7")) for _ in range(4)] == [200, 200, 200, 429]
    assert post(network("192.0.2.8")) == 200
    # A stranger's X-Forwarded-For is worth nothing; that of our own proxy is.
    assert post(network("192.0.2.7"), {"X-Forwarded-For": "198.51.100.1"}) == 429
    for number in range(5):
        assert post(network("10.1.1.1"), {"X-Forwarded-For": f"192.0.2.7, 198.51.100.{number}, 10.2.2.2"}) == 200
    assert post(network("10.1.1.1"), {"X-Forwarded-For": "198.51.100.99, 192.0.2.7"}) == 429
    # Of IPv6, a whole network of 64 bits counts as one.
    assert [post(network(f"2001:db8::{number}")) for number in range(1, 5)] == [200, 200, 200, 429]
    assert post(network("2001:db8:0:1::1")) == 200
    app.database.close()


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "newsletter.web"]


def test_the_log_tells_once_that_sign_ups_are_refused_and_not_whose(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(tmp_path, limit=2)
    made = create_app(app)
    for host in ("203.0.113.7", "203.0.113.8"):
        with TestClient(made, client=(host, 1)) as web:
            assert [web.post("/subscribe/tech", data=FORM).status_code for _ in range(4)] == [200, 200, 429, 429]
    [line] = told(caplog)
    assert line.startswith("sign-ups are refused (429): more than 2 in an hour came from one address.")
    assert "`proxies:`" in line
    assert "203.0.113" not in line
    app.database.close()


@pytest.mark.parametrize(
    ("peer", "named"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("::ffff:172.18.0.3", "172.18.0.3"),
        ("10.1.1.1", ""),
        ("8.8.8.8", ""),
    ],
)
def test_a_proxy_that_nobody_named_is_told_of_once(
    app: App, peer: str, named: str, caplog: pytest.LogCaptureFixture
) -> None:
    with TestClient(create_app(app), client=(peer, 1)) as web:
        web.get("/")
        assert told(caplog) == []
        for number in range(3):
            web.get("/", headers={"X-Forwarded-For": f"198.51.100.{number}"})
    lines = told(caplog)
    assert len(lines) == (1 if named else 0)
    for line in lines:
        assert f'`proxies: ["{named}"]`' in line
        assert "198.51.100" not in line


def test_too_many_new_addresses_from_one_place(tmp_path: Path) -> None:
    """Each is a mail to somebody who never asked for one."""
    app = make_app(tmp_path, limit=3)
    page = f"/preferences/{app.signer.subscription(PREFERENCES, join(app), 'tech')}"
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        asked = [web.post(page, data={"action": "address", "email": f"new{n}@example.org"}) for n in range(4)]
        assert [answer.status_code for answer in asked] == [200, 200, 200, 429]
        assert "<h1>Too many changes of address</h1>" in asked[-1].text
        assert "sign-ups" not in asked[-1].text
        assert web.post(page, data={"action": "save", "name": "Anna"}).status_code == 200  # which mails nobody
        assert web.post("/subscribe/tech", data=FORM).status_code == 200  # counted apart
    app.database.close()


def test_an_ipv4_address_in_the_clothes_of_ipv6_is_counted_as_itself(tmp_path: Path) -> None:
    """A proxy that listens for both names them so: all of IPv4 would be one network of 64 bits."""
    app = make_app(tmp_path, limit=2)
    client = TestClient(create_app(app), client=("10.1.1.1", 1))

    def post(origin: str) -> int:
        return client.post("/subscribe/tech", data=FORM, headers={"X-Forwarded-For": origin}).status_code

    assert [post(f"::ffff:192.0.2.{number}") for number in range(1, 6)] == [200] * 5
    assert [post(origin) for origin in ("192.0.2.1", "::ffff:192.0.2.1")] == [200, 429]
    proxy = TestClient(create_app(app), client=("::ffff:10.1.1.1", 1))
    told = {"X-Forwarded-For": "192.0.2.9"}
    assert [proxy.post("/subscribe/tech", data=FORM, headers=told).status_code for _ in range(3)] == [200, 200, 429]
    here = TestClient(create_app(app), client=("::ffff:127.0.0.1", 1))
    assert (here.get("/metrics").status_code, proxy.get("/metrics").status_code) == (200, 401)
    app.database.close()


@pytest.mark.parametrize("forwarded", ["garbage-{}", "192.0.2.7, garbage-{}", "{}.0.2.7.9", "unknown{}, 10.2.2.2"])
def test_what_is_no_address_in_a_proxys_header_is_not_where_somebody_comes_from(tmp_path: Path, forwarded: str) -> None:
    """Else whoever makes up another word each time would be counted anew each time."""
    app = make_app(tmp_path, limit=2)
    client = TestClient(create_app(app), client=("10.1.1.1", 1))
    answers = [
        client.post("/subscribe/tech", data=FORM, headers={"X-Forwarded-For": forwarded.format(number)})
        for number in range(3)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    app.database.close()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
         "multipart/form-data; boundary=x"),
        (b"", ""),
        (b"garbage", "application/octet-stream"),
        (b"x" * 100_000, "application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
def test_one_click_unsubscribe(app: App, web: TestClient, content: bytes, kind: str) -> None:
    token = app.signer.subscription(UNSUBSCRIBE, join(app), "tech")
    for _ in range(3):
        answer = web.post(f"/unsubscribe/{token}", content=content, headers={"content-type": kind} if kind else {})
        assert (answer.status_code, answer.history) == (200, [])
        assert "set-cookie" not in answer.headers
        assert states(app) == {"ann@example.org": "unsubscribed"}
    with app.database.read() as connection:
        ended = connection.execute(select(tables.consents).where(tables.consents.c.action == "unsubscribed")).all()
    assert len(ended) == 1


def test_a_link_of_an_erased_reader_and_of_a_preview(app: App, web: TestClient) -> None:
    token = app.signer.subscription(UNSUBSCRIBE, join(app), "tech")
    readers.erase(app.database, app.signer, "ann@example.org", "test", app.clock())
    assert web.post(f"/unsubscribe/{token}").status_code == 200
    preview = app.signer.subscription(UNSUBSCRIBE, 0, "tech")
    assert "preview" in web.get(f"/unsubscribe/{preview}").text
    assert web.post(f"/unsubscribe/{preview}").status_code == 200
    assert "<title>This link comes from a preview" in web.get(f"/unsubscribe/{preview}").text
    theirs = f"/preferences/{app.signer.subscription(PREFERENCES, 0, 'tech')}"
    assert "it opens their preferences" in web.get(theirs).text
    assert web.post(theirs, data={"action": "leave"}).status_code == 410


def test_links_of_another_purpose_or_hand_do_nothing(app: App, web: TestClient) -> None:
    reader = join(app)
    good = app.signer.subscription(UNSUBSCRIBE, reader, "tech")
    body, _, mac = good.partition(".")
    other = app.signer.subscription(UNSUBSCRIBE, reader + 1, "tech").partition(".")[0]
    before = everything(app)
    for room in ("unsubscribe", "preferences", "confirm", "address"):
        for token in ("x", "x.", f"{other}.{mac}", f"{body}.", good[:-1], "%00", "é", "a" * 3000):
            for method in ("GET", "POST"):
                answer = web.request(method, f"/{room}/{token}", data={} if method == "POST" else None)
                assert answer.status_code == 410, (room, token)
                assert "does not work any more" in answer.text
    for room in ("preferences", "confirm", "address"):
        assert web.post(f"/{room}/{good}", data={}).status_code == 410
    assert everything(app) == before


def ways_on(page: str) -> list[str]:
    """Where the links of a page's main part lead."""
    return re.findall(r'href="([^"]+)"', page.partition("<main")[2].partition("</main>")[0])


BY_MAIL = [
    "mailto:hello@example.org?subject=Unsubscribe%3A%20Tech%20Decoded",
    "mailto:leave@example.org?subject=Unsubscribe%3A%20Long",
]


@pytest.mark.parametrize("path", ["/unsubscribe/cut", "/preferences/cut", "/unsubscribe"])
def test_whom_a_link_does_not_let_out_can_write_instead(tmp_path: Path, path: str) -> None:
    long = re.sub('name: "A newsletter.*"', "name: Long", CONFIG)
    config = long.replace('"Long <long@example.org>"', "long@example.org\n    unsubscribe_mailbox: leave@example.org")
    app = make_app(tmp_path, config=config)
    with TestClient(create_app(app)) as web:
        assert ways_on(web.get(path).text) == BY_MAIL
        assert ways_on(web.get("/confirm/cut").text) == ["/"]  # who wants in finds the way in
    app.database.close()


def test_nobody_is_sent_to_an_address_that_is_not_read_or_to_a_crowd(tmp_path: Path) -> None:
    lone = CONFIG.partition("  long:")[0]
    more = "".join(f'  n{n}: {{{{name: N{n}, sender: "n{n}@example.org"}}}}\n' for n in range(3))
    unread = lone.replace("<hello@", "<no-reply@")
    answering = unread.replace("    tagline:", "    reply_to: Desk <desk@example.org>\n    tagline:")
    desk = "mailto:desk@example.org?subject=Unsubscribe%3A%20Tech%20Decoded"
    both = lone + '  other: {{name: Other, sender: "hello@example.org"}}\n'
    hello = "mailto:hello@example.org?subject=Unsubscribe"
    for number, (config, links) in enumerate([(unread, []), (answering, [desk]), (lone + more, []), (both, [hello])]):
        (tmp_path / str(number)).mkdir()
        app = make_app(tmp_path / str(number), config=config)
        with TestClient(create_app(app)) as web:
            assert ways_on(web.get("/unsubscribe/cut").text) == links
        app.database.close()


def test_the_operator_and_who_asked_too_often_are_offered_no_sign_up(tmp_path: Path) -> None:
    app = make_app(tmp_path, limit=1, config=CONFIG.partition("  long:")[0])
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        assert ways_on(web.get("/nothing").text) == ["/subscribe/tech"]
        web.post("/subscribe/tech", data=FORM)
        for answer, status in (
            (web.post("/subscribe/tech", data=FORM), 429),
            (web.get("/admin"), 401),
            (web.get("/admin/nothing"), 404),
        ):
            assert (answer.status_code, ways_on(answer.text)) == (status, [])
    app.database.close()


def test_ones_own_address_is_no_new_one(app: App, web: TestClient) -> None:
    page = f"/preferences/{app.signer.subscription(PREFERENCES, join(app), 'tech')}"
    told = web.post(page, data={"action": "address", "email": "Ann@example.org"}).text
    assert "That is your address already" in told
    assert "We sent an email" not in told


def test_who_left_everything_has_nothing_to_leave_and_no_mail_to_move(app: App, web: TestClient) -> None:
    page = f"/preferences/{app.signer.subscription(PREFERENCES, join(app), 'tech')}"
    assert "Your mail goes to" in web.get(page).text
    left = web.post(page, data={"action": "leave"}).text
    assert "You will get no more mail from us." in left
    assert "Your mail goes to" not in left
    assert "Unsubscribe from everything" not in left
    web.post(page, data={"action": "address", "email": "new@example.org"})
    with app.database.read() as connection:
        assert not connection.scalar(select(tables.notices.c.id).where(tables.notices.c.kind == "address"))
    again = web.post(page, data={"action": "save", "edition:tech": "uk"}).text
    assert "Your mail goes to" in again


def test_who_leaves_or_comes_back_by_their_preferences_is_told_so(app: App, web: TestClient) -> None:
    page = f"/preferences/{app.signer.subscription(PREFERENCES, join(app), 'tech')}"

    def save(edition: str) -> str:
        answer = web.post(page, data={"action": "save", "name": "Ann", "edition:tech": edition}).text
        return re.sub("<[^>]+>", "", answer.partition('role="status">')[2].partition("</p>")[0])

    assert save("world") == "Saved."
    assert save("-") == "You are unsubscribed from Tech Decoded World."
    assert save("-") == "Saved."
    assert 'belong to <strong class="address" dir="ltr">ann@example.org</strong>' in web.get(page).text
    assert save("uk") == "You are subscribed to Tech Decoded again."
    save("-")
    with app.database.write() as connection:
        subscribers.suppress(connection, app.signer.person("ann@example.org"), "complaint", app.clock())
    assert save("uk").startswith("This address is on the list of addresses that are never mailed")
    assert save("-") == "Saved."


def test_who_confirms_by_their_preferences_is_welcomed(app: App, web: TestClient) -> None:
    web.post("/subscribe/tech", data=FORM)
    [waiting] = readers.listing(app.database)
    page = f"/preferences/{app.signer.subscription(PREFERENCES, waiting.subscriber.id, 'tech')}"
    assert "Welcome to <bdi>Tech Decoded</bdi>" in web.post(page, data={"action": "save", "edition:tech": "uk"}).text
    assert states(app) == {"ann@example.org": "active"}


def test_preferences(app: App, web: TestClient) -> None:
    reader = join(app)
    page = f"/preferences/{app.signer.subscription(PREFERENCES, reader, 'tech')}"
    assert 'value="uk" checked' in web.get(page).text

    def post(**fields: str) -> str:
        return web.post(page, data={key.replace("__", ":"): value for key, value in fields.items()}).text

    text = post(action="save", name="Anna", edition__tech="world")
    assert "Saved." in text
    assert 'value="world" checked' in text
    assert 'value="Anna"' in text
    post(action="save", name="Anna", edition__tech="mars")  # a choice that there is not
    [one] = readers.listing(app.database)
    assert (one.edition, one.state) == ("world", SubscriptionState.ACTIVE)
    choices = re.findall(r'name="edition:tech" value="([^"]*)"', web.get(page).text)
    assert choices[:2] == ["uk", "world"]
    post(action="save", name="Anna", edition__tech=choices[2])  # "Do not send it", as the page itself says it
    assert states(app) == {"ann@example.org": "unsubscribed"}
    post(action="save", name="Anna", edition__tech="uk")
    assert states(app) == {"ann@example.org": "active"}
    with app.database.read() as connection:
        rows = connection.execute(select(tables.consents).where(tables.consents.c.method == "preferences")).all()
    assert [(row.action, row.words) for row in rows] == [
        ("moved", "Tech Decoded: Tech Decoded World"),
        ("unsubscribed", ""),
        ("confirmed", "Tech Decoded: Tech Decoded"),
    ]
    assert "no more mail" in post(action="leave")
    assert states(app) == {"ann@example.org": "unsubscribed"}


def test_an_address_that_is_never_mailed_cannot_be_subscribed_again_by_its_old_link(app: App, web: TestClient) -> None:
    page = f"/preferences/{app.signer.subscription(PREFERENCES, join(app), 'tech')}"
    web.post(page, data={"action": "leave"})
    with app.database.write() as connection:
        subscribers.suppress(connection, app.signer.person("ann@example.org"), "complaint", app.clock())
    for action in ({"action": "save", "edition:tech": "uk"}, {"action": "again", "edition": "uk"}):
        assert web.post(page, data=action).status_code == 200
    assert states(app) == {"ann@example.org": "unsubscribed"}
    with app.database.read() as connection:
        record = consents.of(connection, app.signer.person("ann@example.org"))
    assert [one.action for one in record] == ["added", "unsubscribed"]


def test_another_address_is_asked_first(app: App, web: TestClient) -> None:
    page = f"/preferences/{app.signer.subscription(PREFERENCES, join(app), 'tech')}"
    join(app, "taken@example.org")
    wrong = web.post(page, data={"action": "address", "email": "nobody"})
    assert wrong.status_code == 422
    assert "There is a problem" in wrong.text
    answers = {
        web.post(page, data={"action": "address", "email": email}).text.replace(email, "E")
        for email in ("new@example.org", "taken@example.org", "new@example.org")
    }
    assert len(answers) == 1
    with app.database.read() as connection:
        asked = connection.execute(select(tables.notices).where(tables.notices.c.kind == ADDRESS)).all()
    assert [row.email for row in asked] == ["new@example.org", "taken@example.org"]
    first, second = (app.signer.sign_expiring(ADDRESS, row.data["payload"]) for row in asked)

    assert web.post(f"/address/{second}").status_code == 410
    assert "Shall we send your mail to" in web.get(f"/address/{first}").text
    assert set(states(app)) == {"ann@example.org", "taken@example.org"}
    for _ in range(2):
        assert "Address changed" in web.post(f"/address/{first}").text
    assert states(app) == {"new@example.org": "active", "taken@example.org": "active"}
    assert web.get(page).status_code == 200  # the links in old mails go on working
    with app.database.read() as connection:  # somebody else may have pressed them
        told = connection.execute(select(tables.notices).where(tables.notices.c.kind == NoticeKind.MOVED)).all()
    assert [(row.email, row.newsletter) for row in told] == [("ann@example.org", "tech")]


def test_an_address_that_is_never_mailed_is_not_told_that_its_reader_moved(app: App) -> None:
    """It bounced, say, which is why the reader left it."""
    subscriber = join(app)
    with app.database.write() as connection:
        subscribers.suppress(connection, app.signer.person("ann@example.org"), "bounced", app.clock())
    token = app.signer.sign_expiring(ADDRESS, f"{subscriber}:0:ann@example.org:new@example.org")
    change_address(app.database, app.signer, token, "192.0.2.1", app.clock())
    with app.database.read() as connection:
        assert connection.execute(select(tables.notices).where(tables.notices.c.kind == NoticeKind.MOVED)).all() == []


def test_who_moves_back_and_forth_floods_no_inbox_with_notices_of_it(app: App) -> None:
    subscriber, now = join(app), app.clock()
    home, away = "ann@example.org", "new@example.org"
    for moves, (old, new) in enumerate(pairwise((home, away, home, away, home))):
        token = app.signer.sign_expiring(ADDRESS, f"{subscriber}:{moves}:{old}:{new}")
        change_address(app.database, app.signer, token, "192.0.2.1", now + timedelta(minutes=moves))
    with app.database.read() as connection:
        told = connection.execute(select(tables.notices.c.email).where(tables.notices.c.kind == NoticeKind.MOVED))
        assert sorted(told.scalars()) == [home, away]


def test_a_link_of_another_database_is_nobodys_even_with_the_same_secret(tmp_path: Path) -> None:
    """Readers brought over by `export` and `import` have other numbers there."""
    here, there = tmp_path / "here", tmp_path / "there"
    apps = []
    for folder, readers_there in ((here, ("zed@example.org", "ann@example.org")), (there, ("ann@example.org",))):
        folder.mkdir()
        apps.append(make_app(folder, config=f"secret: one secret for both\n{CONFIG}"))
        for email in readers_there:
            join(apps[-1], email)
    zeds = apps[0].signer.subscription(UNSUBSCRIBE, 1, "tech")
    with TestClient(create_app(apps[0])) as web:
        assert "zed@example.org" in web.get(f"/unsubscribe/{zeds}").text
    with TestClient(create_app(apps[1])) as web:
        for answer in (web.get(f"/unsubscribe/{zeds}"), web.post(f"/unsubscribe/{zeds}")):
            assert (answer.status_code, "ann@example.org" in answer.text) == (410, False)
    assert states(apps[1]) == {"ann@example.org": "active"}
    for app in apps:
        app.database.close()


def test_a_link_to_change_the_address_is_good_for_one_change(app: App, web: TestClient) -> None:
    page = f"/preferences/{app.signer.subscription(PREFERENCES, join(app), 'tech')}"

    def ask(email: str) -> str:
        web.post(page, data={"action": "address", "email": email})
        newest = (
            select(tables.notices.c.data).where(tables.notices.c.kind == ADDRESS).order_by(tables.notices.c.id.desc())
        )
        with app.database.read() as connection:
            return f"/address/{app.signer.sign_expiring(ADDRESS, connection.scalars(newest).all()[0]['payload'])}"

    there = ask("new@example.org")
    for _ in range(2):
        assert web.post(there).status_code == 200
    assert web.post(ask("ann@example.org")).status_code == 200
    assert states(app) == {"ann@example.org": "active"}
    answer = web.post(there)
    assert (answer.status_code, "or the address was changed since" in answer.text) == (410, True)
    assert states(app) == {"ann@example.org": "active"}
    former = app.signer.sign_expiring(ADDRESS, "1:ann@example.org:new@example.org")  # as an early version made them
    assert web.post(f"/address/{former}").status_code == 410


def test_the_record_of_consent_comes_along_to_another_address(app: App) -> None:
    subscriber, now = join(app), app.clock()
    agreed = Consent(now, ConsentAction.CONFIRMED, "tech", "uk", ConsentMethod.FORM, "192.0.2.1", "Yes, send it.")
    addresses = ("ann@example.org", "new@example.org", "ann@example.org")
    with app.database.write() as connection:
        consents.append(connection, app.signer.person(addresses[0]), agreed)
    for moves, (old, new) in enumerate(pairwise(addresses)):
        token = app.signer.sign_expiring(ADDRESS, f"{subscriber}:{moves}:{old}:{new}")
        change_address(app.database, app.signer, token, "192.0.2.1", now + timedelta(hours=moves + 1))
    record = readers.about(app.database, app.signer, "ann@example.org").consents
    assert [one.action for one in record] == ["added", "confirmed", "changed the address", "changed the address"]
    with app.database.read() as connection:
        assert agreed in consents.of(connection, app.signer.person("new@example.org"))


def test_the_archive_shows_what_went_out_and_nothing_else(app: App, web: TestClient) -> None:
    write_issue(app, 1)
    write_issue(app, 2, state=IssueState.DRAFT)
    write_issue(app, 3, state=IssueState.CANCELLED)
    write_issue(app, 1, edition="world")
    text = web.get("/archive/tech").text
    assert "Chips &amp; &#34;salsa&#34; &lt;b&gt;" in text
    assert 'href="/archive/tech/1?edition=uk"' in text
    assert "/archive/tech/2" not in text
    for missing in ("/archive/tech/2", "/archive/tech/3", "/archive/tech/99", "/archive/tech/seven", "/archive/tech/0",
                    "/archive/tech/99999999999999999999", "/archive/nobody", "/archive/tech?edition=mars"):  # fmt: skip
        assert web.get(missing).status_code == 404, missing
    issue = web.get("/archive/tech/1?edition=uk")
    assert "sandbox" in issue.headers["content-security-policy"]
    assert "November 2026" in issue.text or "20, 2026" in issue.text
    bar, own = issue.text.split("</nav>")
    assert re.findall(r'href="([^"]+)" target="_top"', bar) == [
        "/subscribe/tech?edition=uk",
        "/archive/tech?edition=uk",
    ]
    signup = "http://127.0.0.1:8000/subscribe/tech?edition=uk"
    assert re.findall(r'href="([^"]+)"', own) == [signup] * 2  # frozen without marks
    assert not re.search("[\ufdd0\ufdd1]", issue.text)


@pytest.mark.parametrize(("came_to", "answer"), [("sent", 200), ("uncertain", 200), ("skipped", 404), ("failed", 404)])
def test_whoever_got_a_cancelled_issue_can_open_it(app: App, web: TestClient, came_to: str, answer: int) -> None:
    reader = join(app)
    issue = write_issue(app, state=IssueState.CANCELLED)
    row = {
        "issue": issue.id,
        "subscriber": reader,
        "email": "ann@example.org",
        "domain": "example.org",
        "state": came_to,
    }
    with app.database.write() as connection:
        connection.execute(insert(tables.deliveries).values(row))
    assert web.get("/archive/tech/1").status_code == answer
    assert "/archive/tech/1" not in web.get("/archive/tech").text


def test_the_feed_is_atom(app: App, web: TestClient) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    assert ElementTree.fromstring(web.get("/archive/tech/feed.xml").content).tag == f"{atom}feed"
    write_issue(app)
    answer = web.get("/archive/tech/feed.xml")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    [entry] = ElementTree.fromstring(answer.content).findall(f"{atom}entry")
    assert entry.findtext(f"{atom}title") == TITLE
    assert entry.findtext(f"{atom}id") == "http://127.0.0.1:8000/archive/tech/1?edition=uk"
    assert 'href="https://example.org/1?a=1&amp;b=2"' in (entry.findtext(f"{atom}content") or "")


def test_the_admin_opens_with_the_password_only(app: App, web: TestClient, tmp_path: Path) -> None:
    join(app)
    write_issue(app)
    assert web.get("/admin/").status_code == 401
    assert web.get("/admin/", auth=("admin", "a wrong password")).status_code == 401
    assert web.get("/admin/", headers={"authorization": "Basic !"}).status_code == 401
    page = web.get("/admin/", auth=("admin", "a long password"))
    assert page.status_code == 200
    assert "ann@example.org" not in page.text
    assert "Chips" in page.text
    scheduled = write_issue(app, 2, state=IssueState.DRAFT)
    schedule(app.database, scheduled.id, datetime(2026, 12, 1, 9, tzinfo=UTC))
    told = web.get("/admin/", auth=("admin", "a long password")).text
    assert told.count("Tue 1 Dec 2026 09:00 GMT") == 1
    preview = web.get(f"/admin/issues/{scheduled.id}/preview", auth=("admin", "a long password"))
    assert "for Tue 1 Dec 2026 09:00 GMT" in preview.text
    (tmp_path / "closed").mkdir()
    closed = make_app(tmp_path / "closed", config="site: {{name: Closed}}\n# {port} {smtp} {limit}")
    with TestClient(create_app(closed)) as other:
        off = other.get("/admin/", auth=("admin", ""))
        assert off.status_code == 404
        assert "NEWSLETTER_WEB__PASSWORD" in off.text
        assert "There is no newsletter yet" in other.get("/").text
    closed.database.close()


def test_an_edited_draft_is_told_from_one_that_build_makes_anew(app: App, web: TestClient) -> None:
    plain, edited = (write_issue(app, number, state=IssueState.DRAFT) for number in (1, 2))
    with app.database.write() as connection:
        connection.execute(update(tables.issues).where(tables.issues.c.id == edited.id).values(edited=True))

    def told(page: str) -> bool:
        words = re.sub(
            r"<style.*?</style>|<[^>]*>", " ", web.get(page, auth=("admin", "a long password")).text, flags=re.DOTALL
        )
        return re.search(r"draft\W+edited", words) is not None

    assert told("/admin")
    assert [told(f"/admin/issues/{issue.id}/preview") for issue in (plain, edited)] == [False, True]
    cancel(app.database, edited.id, app.clock())
    assert not told("/admin")
    assert not told(f"/admin/issues/{edited.id}/preview")


def admin_rows(web: TestClient) -> list[list[str]]:
    """The words in each cell of the admin's table of issues."""
    page = web.get("/admin/", auth=("admin", "a long password")).text
    rows = re.findall(r"<tr>(.*?)</tr>", page.split('id="issues"')[1], re.DOTALL)[1:]
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", row)] for row in rows]


def test_the_admin_tells_when_an_issue_went_out_and_how_many_got_it(tmp_path: Path) -> None:
    app = make_app(tmp_path, config=CONFIG.replace("Europe/London", "Asia/Tokyo"))
    [ann, bob] = [join(app, email) for email in ("ann@example.org", "bob@example.org")]
    issue = write_issue(app)
    write_issue(app, 2, state=IssueState.DRAFT)
    rows = [
        {"issue": issue.id, "subscriber": who, "email": "a@example.org", "domain": "example.org", "state": state}
        for who, state in ((ann, "sent"), (bob, "failed"))
    ]
    with app.database.write() as connection:
        connection.execute(insert(tables.deliveries), rows)
    with TestClient(create_app(app)) as web:
        draft, sent = admin_rows(web)
        assert sent[3:] == ["Fri 20 Nov 2026 17:00 JST", "1 of 2", "0", "1"]
        assert draft[3:] == ["–", "–", "0", "0"]
    app.database.close()


def test_the_admin_lists_issues_of_an_edition_that_is_gone(app: App, web: TestClient) -> None:
    write_issue(app, edition="mars")
    assert admin_rows(web)[0][3] == "Fri 20 Nov 2026 08:00 UTC"


def test_wrong_passwords_are_braked(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """By the address they come from: the operator elsewhere gets in."""
    made = create_app(app)
    guesser, operator = (TestClient(made, client=(host, 1)) for host in ("192.0.2.9", "192.0.2.10"))
    right, wrong = ("admin", "a long password"), ("admin", "a wrong guess")
    assert {guesser.get("/admin").status_code for _ in range(20)} == {401}  # who sends none does not guess
    assert guesser.get("/admin", auth=right).status_code == 200
    answers = [guesser.get(path, auth=wrong) for _ in range(10) for path in ("/admin", "/metrics")]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 10
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert "Too many wrong passwords" in answers[-1].text
    assert guesser.get("/admin", auth=right).status_code == 429
    assert operator.get("/admin", auth=right).status_code == 200
    [told] = [record.getMessage() for record in caplog.records if record.name == "newsletter.web"]
    assert told.startswith("too many wrong admin passwords from 192.0.2.9: ")
    assert "guess" not in told


def test_metrics_are_for_this_machine_and_the_operator(app: App, web: TestClient) -> None:
    join(app)
    local = TestClient(web.app, client=("127.0.0.1", 1))
    text = local.get("/metrics").text
    assert 'newsletter_subscriptions{edition="uk",newsletter="tech",state="active"} 1.0' in text
    assert local.get("/metrics", headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 401
    assert web.get("/metrics").status_code == 401
    assert web.get("/metrics", auth=("x", "a long password")).status_code == 200


def test_what_goes_wrong_has_a_page(app: App, web: TestClient) -> None:
    assert "Nothing here" in web.get("/nothing").text
    assert web.get("/subscribe/nobody").status_code == 404
    assert web.post("/subscribe/nobody", data=FORM).status_code == 404
    assert web.put("/subscribe/tech").status_code == 405
    assert web.put("/subscribe/tech").headers["allow"] == "GET, HEAD, POST"
    assert web.options("/unsubscribe/x").headers["allow"] == "GET, HEAD, POST"
    assert web.post("/archive/tech").headers["allow"] == "GET, HEAD"
    assert web.post("/api/v1/newsletters/nobody/subscribe", json=FORM).json()["error"] == "Nothing here"
    files = web.post("/subscribe/tech", files={"email": b"x"}, data={"name": "y"})
    assert files.status_code in (400, 422)
    many = web.post("/subscribe/tech", data={f"f{number}": "x" for number in range(50)})
    assert many.status_code in (400, 422)


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("path", ["/subscribe/tech", "/api/v1/newsletters/tech/subscribe", "/preferences/x"])
def test_a_body_too_large_has_a_page_like_all_others(web: TestClient, path: str, announced: bool) -> None:
    body = b"email=" + b"x" * 100_000
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = web.post(path, content=body if announced else iter([body]), headers=form)
    assert answer.status_code == 413
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    if path.startswith("/api/"):
        assert answer.json()["error"] == "Too much at once"
    else:
        assert "<h1>Too much at once</h1>" in answer.text


def test_a_failure_of_ours_says_sorry(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("newsletter.web.signup.sign_up", broken)
    client = TestClient(create_app(app), raise_server_exceptions=False)
    answer = client.post("/subscribe/tech", data=FORM)
    assert answer.status_code == 500
    assert "Sorry" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "secret detail" not in answer.text


def test_the_operators_own_templates_come_first(app: App, tmp_path: Path) -> None:
    (tmp_path / "templates/web").mkdir(parents=True)
    (tmp_path / "templates/web/message.html").write_text("{{ title }}, mine", "utf-8")
    with TestClient(create_app(app)) as client:
        assert client.get("/nothing").text == "Nothing here, mine"
        assert client.get("/").status_code == 200


def test_the_style_sheet_may_be_kept(web: TestClient) -> None:
    url = re.search(r'href="(/style\.css\?v=[0-9a-f]+)"', web.get("/").text)
    assert url
    answer = web.get(url[1])
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("page", "said"),
    [("{{ nope", "web/subscribe.html:1: "), ("line\n{{ newsletterr.title }}", "web/subscribe.html:2: ")],
)
def test_a_page_of_the_operators_own_that_is_broken_is_one_line_of_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, page: str, said: str
) -> None:
    app = make_app(tmp_path)
    folder = tmp_path / "templates" / "web"
    folder.mkdir(parents=True)
    (folder / "subscribe.html").write_text(page)
    with TestClient(create_app(app)) as web:  # what is not handled would be raised here
        answer = web.get("/subscribe/tech")
        assert answer.status_code == 500
        assert web.get("/healthz").status_code == 200
    [record] = [one for one in caplog.records if one.levelname == "ERROR"]
    assert said in record.getMessage()
    assert record.exc_info is None

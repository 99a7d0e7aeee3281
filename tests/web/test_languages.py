"""Pages speak the language of the edition they are about: what readers see, agree to and are told."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.doctor.examination import examine
from newsletter.domain.subscriber import SubscriptionState
from newsletter.store import subscribers, tables
from newsletter.text.phrases import AGAIN, APART
from newsletter.text.token import ADDRESS, CONFIRM, PREFERENCES, UNSUBSCRIBE
from newsletter.web import create_app
from tests.digests import TEMPLATES
from tests.web.site import CONFIG, make_app, write_issue

OTHERS = sorted({file.stem for file in (TEMPLATES / "web/words").iterdir()} - {"en"})
LONG = "A newsletter whose name is so long that it hardly fits, with Donaudampfschifffahrtsgesellschaft in it"
GERMAN_WORLD = CONFIG.replace("world: {{name: Tech Decoded World}}", "world: {{name: Technik, language: de}}")
FORM = {"email": "ann@example.org", "edition": "world"}


def speaking(language: str) -> str:
    """The sample site's configuration with all editions in one language."""
    return CONFIG.replace("    sender:", f"    language: {language}\n    sender:")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """English readers at home, German ones abroad."""
    made = make_app(tmp_path, config=GERMAN_WORLD)
    yield made
    made.database.close()


def shown(page: str) -> str:
    """A page's words as a reader sees them."""
    body = re.sub(r"<(title|pre)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", body)).split())


def confirm_token(app: App) -> str:
    with app.database.read() as connection:
        found = subscribers.find(connection, "ann@example.org")
        assert found
        [one] = subscribers.subscriptions_of(connection, found.id)
    return app.signer.sign_expiring(CONFIRM, f"{found.id}:{one.since.timestamp():.6f}:{one.newsletter}:{one.edition}")


def agreed(app: App) -> list[str]:
    with app.database.read() as connection:
        return list(connection.scalars(select(tables.consents.c.words).order_by(tables.consents.c.id)))


def all_pages(app: App, web: TestClient) -> Iterator[str]:
    """Every page that a reader may see, from sign-up to goodbye."""
    write_issue(app, edition="uk")
    form = {**FORM, "edition": "uk"}
    yield web.get("/").text
    yield web.get("/subscribe/tech").text
    yield web.get("/embed/tech").text
    yield web.post("/subscribe/tech", data={"email": "nobody", "edition": "uk"}).text
    yield web.post("/subscribe/tech", data=form).text
    confirm = f"/confirm/{confirm_token(app)}"
    yield web.get(confirm).text
    yield web.post(confirm).text
    with app.database.read() as connection:
        reader = subscribers.find(connection, "ann@example.org")
    assert reader
    preferences = f"/preferences/{app.signer.subscription(PREFERENCES, reader.id, 'tech')}"
    yield web.get(preferences).text
    yield web.post(preferences, data={"action": "save", "edition:tech": "world", "name": "Ann"}).text
    yield web.post(preferences, data={"action": "address", "email": "nobody"}).text
    yield web.post(preferences, data={"action": "address", "email": "new@example.org"}).text
    change = app.signer.sign_expiring(ADDRESS, f"{reader.id}:0:ann@example.org:new@example.org")
    yield web.get(f"/address/{change}").text
    yield web.post(f"/address/{change}").text
    leave = f"/unsubscribe/{app.signer.subscription(UNSUBSCRIBE, reader.id, 'tech')}"
    yield web.get(leave).text
    yield web.post(leave).text
    yield web.get(preferences).text
    yield web.post(preferences, data={"action": "leave"}).text
    yield web.post(preferences, data={"action": "save", "edition:tech": "uk"}).text
    yield web.post(preferences, data={"action": "save", "edition:tech": "-"}).text
    yield web.get(f"/unsubscribe/{app.signer.subscription(UNSUBSCRIBE, 0, 'tech')}").text
    yield web.get("/archive/tech").text
    yield web.get("/archive/long").text
    yield web.get("/nothing").text
    yield web.get("/confirm/forged").text
    yield web.get("/unsubscribe/forged").text
    yield web.put("/subscribe/tech").text


@pytest.mark.parametrize("language", OTHERS)
def test_too_much_is_told_in_every_language(language: str, tmp_path: Path) -> None:
    app = make_app(tmp_path, limit=1, config=speaking(language))
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        web.post("/subscribe/tech", data={**FORM, "edition": "uk"})
        with app.database.read() as connection:
            reader = subscribers.find(connection, "ann@example.org")
        assert reader
        page = f"/preferences/{app.signer.subscription(PREFERENCES, reader.id, 'tech')}"
        for path, form in ((page, {"action": "address", "email": "new@example.org"}), ("/subscribe/tech", FORM)):
            answer = [web.post(path, data=form) for _ in range(2)][-1]
            assert answer.status_code == 429
            assert not re.search(r"\b(?:too|please|your|were|from|sign-ups)\b", shown(answer.text), re.I)
    app.database.close()


@pytest.mark.parametrize("language", OTHERS)
def test_no_page_says_a_word_of_english(language: str, tmp_path: Path) -> None:
    app = make_app(tmp_path, config=speaking(language))
    english = re.compile(r"\b(?:the|you|your|from|with|this|subscribe|subscribed|subscription|mail goes|issue)\b", re.I)
    names = ("Tech Decoded World", "Tech Decoded", "The Example Post", "The week in technology, told in plain words.")
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        for page in all_pages(app, web):
            head = re.search(r'<html lang="(.*?)" dir="(.*?)">', page)
            assert head
            assert head.groups() == (language, "rtl" if language == "ar" else "ltr")
            assert APART not in page
            assert AGAIN not in page
            assert page.count("<bdi>") == page.count("</bdi>")
            assert "<bdi>" not in page.partition("</head>")[0]
            words = shown(page)
            for name in (*names, 'Chips & "salsa" <b>', "A second", LONG):
                words = words.replace(name, "")
            assert not english.search(words), words
    app.database.close()


def test_a_page_speaks_its_editions_language(app: App, web: TestClient) -> None:
    assert '<html lang="en"' in web.get("/").text
    assert '<html lang="en"' in web.get("/subscribe/tech").text
    assert '<html lang="de"' in web.get("/subscribe/tech?edition=world").text
    assert '<html lang="de"' in web.get("/archive/tech?edition=world").text
    assert "Sehen Sie in Ihr Postfach" in web.post("/subscribe/tech", data=FORM).text
    assert "Willkommen bei <bdi>Technik</bdi>" in web.post(f"/confirm/{confirm_token(app)}").text


def test_the_edition_of_the_address_is_chosen_already(web: TestClient) -> None:
    assert 'value="world" checked' in web.get("/subscribe/tech?edition=world").text
    assert 'value="uk" checked' in web.get("/subscribe/tech?edition=elsewhere").text
    assert "/subscribe/tech?edition=world" in web.get("/archive/tech?edition=world").text


def test_the_record_of_consent_quotes_the_editions_language(app: App, web: TestClient) -> None:
    page = web.get("/subscribe/tech").text
    web.post("/subscribe/tech", data=FORM)
    web.post(f"/confirm/{confirm_token(app)}")
    asked, confirmed = agreed(app)
    assert asked.startswith("Mit der Anmeldung bitten Sie uns, Ihnen Technik per E-Mail")
    assert asked in shown(page)  # in the English page too, for that edition
    assert '<p class="meta agreed" lang="de" dir="auto">' in page
    assert confirmed == "Ja, ich möchte Technik bekommen"


def test_what_is_wrong_is_said_in_the_language_of_the_page(web: TestClient) -> None:
    english = web.post("/subscribe/tech", data={"email": "nobody", "edition": "uk"})
    german = web.post("/subscribe/tech", data={"email": "nobody", "edition": "world"})
    assert "That is not an email address that we can write to." in english.text
    assert "has no @" not in english.text
    assert "Das ist keine E-Mail-Adresse" in german.text
    assert "has no @" not in german.text
    assert (english.status_code, german.status_code) == (422, 422)


@pytest.mark.parametrize("typed", ["", "nobody", "ann@", "a b@example.org", "ann@example"])
def test_english_readers_are_not_told_of_an_address_in_a_librarys_words(web: TestClient, typed: str) -> None:
    page = shown(web.post("/subscribe/tech", data={"email": typed, "edition": "uk"}).text)
    assert page.count("That is not an email address that we can write to. One looks like this: name@example.org.") == 2
    assert "e-mail" not in page
    assert "@-sign" not in page


def test_programs_are_answered_in_english(tmp_path: Path) -> None:
    app = make_app(tmp_path, config=speaking("de"))
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        wrong = web.post("/api/v1/newsletters/tech/subscribe", json={"email": "nobody"})
        assert "'nobody' has no @" in wrong.json()["errors"]["email"].lower()
        assert web.get("/api/v1/nothing").json()["error"] == "Nothing here"
    app.database.close()


def test_phrases_of_ones_own_come_first(tmp_path: Path) -> None:
    own = tmp_path / "templates/web/words"
    own.mkdir(parents=True)
    english = (TEMPLATES / "web/words/en.txt").read_text("utf-8")
    (own / "pl.txt").write_text(english.replace('"Subscribe"', '"Zapisz się"'), "utf-8")
    app = make_app(tmp_path, config=speaking("pl").replace("database:", "templates: templates\ndatabase:"))
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        page = web.get("/subscribe/tech").text
    assert '<html lang="pl" dir="ltr">' in page
    assert "Zapisz się</button>" in page
    app.database.close()


def test_a_language_without_phrases_gets_english_that_is_called_so(tmp_path: Path) -> None:
    app = make_app(tmp_path, config=speaking("pl"))
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        assert '<html lang="en" dir="ltr">' in web.get("/subscribe/tech").text
    app.database.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/embed/tech", 429), ("PUT", "/embed/tech", 405), ("GET", "/embed/none", 404)],
)
def test_a_form_in_a_frame_tells_its_troubles_there(method: str, path: str, status: int, tmp_path: Path) -> None:
    app = make_app(tmp_path, limit=1, config=speaking("de"))
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        web.post("/embed/tech", data=FORM)
        answer = web.request(method, path, data=FORM if method == "POST" else None)
        assert answer.status_code == status
        assert "frame-ancestors *" in answer.headers["content-security-policy"]
        assert '<body class="bare">' in answer.text
        assert "href=" not in answer.text.partition("<body")[2]  # no other page lets itself be framed
        assert ("Zu viele Anmeldungen" in answer.text) == (status == 429)
    app.database.close()


@pytest.mark.parametrize(("path", "ancestors"), [("/embed/tech", "*"), ("/subscribe/tech", "'none'")])
@pytest.mark.parametrize(("email", "status"), [("ann@example.org", 200), ("nobody", 422)])
def test_the_answer_to_a_form_is_shown_where_the_form_was(
    web: TestClient, path: str, ancestors: str, email: str, status: int
) -> None:
    answer = web.post(path, data={**FORM, "email": email})
    assert answer.status_code == status
    assert answer.headers["content-security-policy"].endswith(f"frame-ancestors {ancestors}")
    assert ('<body class="bare">' in answer.text) == (ancestors == "*")


def test_a_wrong_password_too_many_is_no_sign_up(tmp_path: Path) -> None:
    app = make_app(tmp_path, config=speaking("de"))
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        answers = [web.get("/admin", auth=("admin", "wrong")) for _ in range(12)]
        assert answers[-1].status_code == 429
        assert "passwords" in answers[-1].text
        assert "Anmeldungen" not in answers[-1].text
    app.database.close()


def test_who_left_by_mistake_comes_back_with_one_button(app: App, web: TestClient) -> None:
    web.post("/subscribe/tech", data={**FORM, "name": "Ann Maria"})
    web.post(f"/confirm/{confirm_token(app)}")
    with app.database.read() as connection:
        reader = subscribers.find(connection, "ann@example.org")
    assert reader
    gone = web.post(f"/unsubscribe/{app.signer.subscription(UNSUBSCRIBE, reader.id, 'tech')}").text
    button = re.search(r'<form method="post" action="(/preferences/[^"]+)".*?</form>', gone, re.DOTALL)
    assert button
    fields = dict(re.findall(r'name="(\w+)" value="(\w+)"', button[0]))
    assert fields == {"action": "again", "edition": "world"}
    assert "Sie haben Technik wieder abonniert." in shown(web.post(button[1], data=fields).text)
    with app.database.read() as connection:
        [one] = subscribers.subscriptions_of(connection, reader.id)
        assert (one.state, one.edition, one.subscriber.name) == ("active", "world", "Ann Maria")
    assert agreed(app)[-1] == "Tech Decoded: Wieder abonnieren"
    assert "Gespeichert." not in web.post(button[1], data={"action": "again", "edition": "elsewhere"}).text


def test_the_bar_above_an_issue_speaks_as_its_edition_does(tmp_path: Path) -> None:
    """The issue below it is kept as it was frozen, in its own language and direction."""
    app = make_app(tmp_path, config=speaking("ar"))
    write_issue(app)
    with TestClient(create_app(app)) as client:
        issue = client.get("/archive/tech/1").text
    app.database.close()
    assert "<html lang='en'>" in issue
    bar = re.search(r'<nav class="issue-bar" lang="ar" dir="rtl".*?</nav>', issue, re.DOTALL)
    assert bar
    assert "الاشتراك" in bar[0]
    assert "<bdi>Tech Decoded</bdi>" in bar[0]


def own_words(folder: Path, text: str, name: str = "words.txt") -> App:
    """The German sample site with a file of words of the operator's own."""
    place = folder / "templates/web"
    place.mkdir(parents=True)
    (place / name).write_text(text, "utf-8")
    return make_app(folder, config=speaking("de").replace("database:", "templates: templates\ndatabase:"))


def test_what_own_phrases_lack_is_said_in_english(tmp_path: Path) -> None:
    app = own_words(tmp_path, '{% set subscribe = "Her damit" %}')
    with TestClient(create_app(app), client=("192.0.2.7", 1), raise_server_exceptions=False) as web:
        page = web.get("/subscribe/tech")
        assert page.status_code == 200
        assert "Her damit</button>" in page.text
        assert "Email address" in page.text
        assert web.get("/nothing").status_code == 404
    found = [one.message for one in examine(app, {}) if "lacks" in one.message]
    assert len(found) == 1
    assert "web/words.txt lacks" in found[0]
    assert "a_problem, address_asks" in found[0]
    assert found[0].endswith("more: pages say that in English.")
    app.database.close()


def test_own_phrases_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    app = own_words(tmp_path, "{% set subscribe = %}")
    with TestClient(create_app(app), client=("192.0.2.7", 1), raise_server_exceptions=False) as web:
        answer = web.get("/subscribe/tech")
        assert answer.status_code == 500
        assert answer.text == "Sorry. Something went wrong on our side."
    assert [one for one in examine(app, {}) if one.level == "error" and "web/words.txt:1" in one.message]
    app.database.close()


def test_british_readers_get_british_dates(tmp_path: Path) -> None:
    app = make_app(tmp_path, config=speaking("en-GB"))
    write_issue(app, 1)
    with TestClient(create_app(app)) as web:
        page = web.get("/archive/tech").text
    assert '<html lang="en-GB"' in page
    assert re.search(r"\b\d{1,2} [A-Z][a-z]+ 20\d\d", shown(page))
    app.database.close()


def test_what_is_not_there_is_said_in_the_language_of_its_edition(app: App) -> None:
    with TestClient(create_app(app)) as web:
        assert "Hier ist nichts" in web.get("/archive/tech/77?edition=world").text
        assert "Nothing here" in web.get("/archive/tech/77").text
        assert "Nothing here" in web.get("/archive/nobody/77?edition=world").text


def test_programs_are_answered_in_the_packages_english(tmp_path: Path) -> None:
    app = own_words(tmp_path, (TEMPLATES / "web/words/de.txt").read_text("utf-8"))
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        assert "Hier ist nichts" in web.get("/nothing").text
        assert web.get("/api/v1/nothing").json()["error"] == "Nothing here"
        wrong = web.post("/api/v1/newsletters/tech/subscribe", json={"email": "nobody"})
        assert "has no @" in wrong.json()["errors"]["email"]
    app.database.close()


def test_dates_are_in_the_language_of_the_page(app: App, web: TestClient) -> None:
    web.post("/subscribe/tech", data=FORM)
    web.post(f"/confirm/{confirm_token(app)}")
    with app.database.read() as connection:
        reader = subscribers.find(connection, "ann@example.org")
    assert reader
    page = web.get(f"/preferences/{app.signer.subscription(PREFERENCES, reader.id, 'tech')}").text
    assert re.search(r"Abonniert seit dem <bdi>\d+\.\s\w+ \d{4}</bdi>", page)


def test_the_feed_that_a_form_names_is_that_of_the_edition(web: TestClient) -> None:
    assert "/archive/tech/feed.xml?edition=world" in unescape(web.get("/subscribe/tech?edition=world").text)


def test_nobody_is_offered_an_edition_that_is_gone(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    with app.database.write() as connection:
        reader = subscribers.create(connection, "ann@example.org", "", app.clock())
        subscribers.subscribe(connection, reader.id, "tech", "mars", SubscriptionState.ACTIVE, app.clock())
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        gone = web.post(f"/unsubscribe/{app.signer.subscription(UNSUBSCRIBE, reader.id, 'tech')}").text
        assert "You are unsubscribed" in gone
        assert "<form" not in gone
    app.database.close()


def test_what_was_saved_is_told_in_the_language_that_the_page_then_has(app: App, web: TestClient) -> None:
    with app.database.write() as connection:
        reader = subscribers.create(connection, "ann@example.org", "", app.clock())
        subscribers.subscribe(connection, reader.id, "tech", "world", SubscriptionState.ACTIVE, app.clock())
    page = f"/preferences/{app.signer.subscription(PREFERENCES, reader.id, 'tech')}"
    for edition, told in (("uk", "Saved."), ("world", "Gespeichert.")):
        assert told in web.post(page, data={"action": "save", "edition:tech": edition}).text


def test_a_stylesheet_of_ones_own_shows_at_once(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    own = tmp_path / "templates/web/style.css"
    own.parent.mkdir(parents=True)
    own.write_text("p { color: teal }\n")
    with TestClient(create_app(app), client=("192.0.2.7", 1)) as web:
        before = re.search(r'href="(/style\.css\?v=\w+)"', web.get("/").text)
        assert before
        assert "teal" in web.get(before[1]).text
        own.write_text("p { color: crimson }\n")
        os.utime(own, (1, 1))
        after = re.search(r'href="(/style\.css\?v=\w+)"', web.get("/").text)
        assert after
        assert after[1] != before[1]
        assert "crimson" in web.get(after[1]).text
    app.database.close()

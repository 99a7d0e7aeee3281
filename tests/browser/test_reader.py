"""A reader in a real browser: from the form to the inbox, to the preferences, and out again. No JavaScript needed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from newsletter.services import readers
from newsletter.services.subscribe import SignUp
from newsletter.text.token import ADDRESS, CONFIRM, PREFERENCES, UNSUBSCRIBE
from tests.web.site import Site, links, running_site, send_notices, write_issue
from tests.web_server import Answer, web_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as opened:
        write_issue(opened.app)
        yield opened


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    yield opened
    opened.close()


def states(site: Site) -> dict[str, tuple[str, str]]:
    return {one.subscriber.email: (one.edition, one.state.value) for one in readers.listing(site.app.database)}


def link_in_mail(site: Site, room: str) -> str:
    [found] = {link for link in links(site.inbox) if urlsplit(link).path.startswith(f"/{room}/")}
    return found


def test_from_sign_up_to_unsubscribe_by_keyboard_on_a_phone(site: Site, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(site.url)
    page.get_by_role("link", name="Subscribe to Tech Decoded").click()

    page.get_by_label("Email address").focus()
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    expect(page.get_by_label("Email address")).to_have_value("nobody")

    page.get_by_label("Email address").fill("Ann@Example.org")
    page.keyboard.press("Tab")
    page.keyboard.type("Ann")
    page.keyboard.press("Tab")
    agreed = page.locator(".agreed:visible")
    expect(agreed).to_contain_text("send you Tech Decoded by email")
    page.keyboard.press("ArrowDown")
    expect(agreed).to_contain_text("send you Tech Decoded World by email")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Subscribe")).to_be_focused()  # the veiled field is passed over
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    assert states(site) == {"ann@example.org": ("world", "pending")}

    assert send_notices(site.app).sent == 1
    page.goto(link_in_mail(site, "confirm"))
    assert states(site)["ann@example.org"][1] == "pending"
    page.get_by_role("button", name="Yes, subscribe me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Tech Decoded World")
    assert states(site)["ann@example.org"] == ("world", "active")

    assert send_notices(site.app).sent == 1
    page.goto(link_in_mail(site, "preferences"))
    page.get_by_label("Tech Decoded", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    assert states(site)["ann@example.org"] == ("uk", "active")

    page.get_by_label("New email address").fill("ann@münchen.de")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_role("status")).to_contain_text("ann@xn--mnchen-3ya.de")
    assert send_notices(site.app).sent == 1
    assert site.inbox.mails[-1].recipient == "ann@xn--mnchen-3ya.de"
    page.goto(link_in_mail(site, "address"))
    page.get_by_role("button", name="Yes, change it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Address changed")
    assert states(site) == {"ann@xn--mnchen-3ya.de": ("uk", "active")}

    welcome = next(
        number
        for number, mail in enumerate(site.inbox.mails)
        if any("/unsubscribe/" in x for x in links(site.inbox, number))
    )
    out = next(link for link in links(site.inbox, welcome) if "/unsubscribe/" in link)
    page.goto(out)
    assert states(site)["ann@xn--mnchen-3ya.de"][1] == "active"
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    assert states(site)["ann@xn--mnchen-3ya.de"][1] == "unsubscribed"


def test_the_form_inside_another_site(site: Site, browser: Browser) -> None:
    page = browser.new_page()
    with web_server() as other:
        frame = f'<iframe src="{site.url}/embed/tech"></iframe><iframe src="{site.url}/subscribe/tech"></iframe>'
        other.pages["/"] = Answer(body=frame.encode(), headers={"Content-Type": "text/html"})
        page.goto(other.url("/", host="localhost"))
        inside = page.frame_locator("iframe").first
        inside.get_by_label("Email address").fill("framed@example.org")
        inside.get_by_role("button", name="Subscribe").click()
        expect(inside.get_by_role("heading", level=1)).to_have_text("Check your inbox")
        assert page.frames[-1].get_by_label("Email address").count() == 0  # no other page lets itself be framed
    page.close()


def test_an_issue_of_the_archive_runs_no_script(site: Site, browser: Browser) -> None:
    page = browser.new_page()
    page.on("dialog", lambda dialog: pytest.fail("a script ran"))
    page.goto(f"{site.url}/archive/tech/1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Chips")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_an_issue_of_the_archive_a_stranger_finds_the_way_in(site: Site, browser: Browser, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 800}, color_scheme=scheme)
    page.goto(f"{site.url}/archive/tech/1")
    bar = page.get_by_role("navigation", name="Tech Decoded")
    ways = [way.bounding_box() for way in bar.get_by_role("link").all()]
    assert [way["height"] >= 44 for way in ways if way] == [True, True]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bar.get_by_role("link", name="Past issues").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tech Decoded")
    page.go_back()
    bar.get_by_role("link", name="Subscribe").click()
    expect(page.get_by_label("Email address")).to_be_visible()
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_way_to_the_preferences_keeps_away_from_the_button_that_unsubscribes(
    site: Site, browser: Browser, width: int
) -> None:
    app = site.app
    reader = readers.add_active(app.database, app.signer, SignUp("tech", "uk", "gap@example.org"), app.clock())
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(f"{site.url}/unsubscribe/{app.signer.subscription(UNSUBSCRIBE, reader.subscriber.id, 'tech')}")
    button = page.get_by_role("button", name="Unsubscribe").bounding_box()
    below = page.get_by_text("Another edition, another address?").bounding_box()
    assert button
    assert below
    assert below["y"] - (button["y"] + button["height"]) >= 24
    page.close()


def pages(site: Site) -> dict[str, str]:
    app = site.app
    reader = readers.add_active(app.database, app.signer, SignUp("tech", "uk", "axe@example.org", "Axe"), app.clock())
    waiting = readers.add(app.database, app.signer, SignUp("long", "main", "axe@example.org"), app.clock())
    number = reader.subscriber.id
    address = app.signer.sign_expiring(ADDRESS, f"{number}:0:axe@example.org:new@example.org")
    payload = f"{number}:{waiting.since.timestamp():.6f}:long:main"
    return {
        "home": "/",
        "subscribe": "/subscribe/tech",
        "long name": "/subscribe/long",
        "embed": "/embed/tech",
        "archive": "/archive/tech",
        "empty archive": "/archive/long",
        "confirm": f"/confirm/{app.signer.sign_expiring(CONFIRM, payload)}",
        "unsubscribe": f"/unsubscribe/{app.signer.subscription(UNSUBSCRIBE, number, 'tech')}",
        "unsubscribed": f"/unsubscribe/{app.signer.subscription(UNSUBSCRIBE, 0, 'tech')}",
        "preferences": f"/preferences/{app.signer.subscription(PREFERENCES, number, 'tech')}",
        "address": f"/address/{address}",
        "old link": "/confirm/old",
        "a way out that is cut": "/unsubscribe/cut",
        "missing": "/nothing",
        "api": "/api/docs",
        "admin": "/admin/",
    }


def sound(page: Page, name: str) -> None:
    """No accessibility violation, nothing wider than the screen, every target big enough for a finger."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
    for target in page.locator(
        "button:visible, .button:visible, .choice:visible, input:visible:not([type=radio])"
    ).all():
        box = target.bounding_box()
        assert box
        if box["x"] >= 0:  # the veiled field lies outside
            assert box["height"] >= 44, f"{name}: {target.evaluate('it => it.outerHTML')}"


def subscribe(page: Page) -> None:
    """Until the answer has its style sheet too."""
    with page.expect_navigation():
        page.get_by_role("button", name="Subscribe").click()


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_for_everybody(site: Site, browser: Browser, scheme: str) -> None:
    login = {"username": "operator", "password": "a long password"}
    context = browser.new_context(
        viewport={"width": 375, "height": 800},
        color_scheme=scheme,
        http_credentials=login,
    )
    page = context.new_page()
    for name, path in pages(site).items():
        page.goto(site.url + path)
        sound(page, name)
    page.goto(f"{site.url}/subscribe/tech")
    page.get_by_label("Email address").fill("nobody")
    subscribe(page)
    sound(page, "a form with a problem")
    page.get_by_label("Email address").fill(f"{scheme}@example.org")
    subscribe(page)
    sound(page, "check your inbox")
    context.close()

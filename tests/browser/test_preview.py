"""The preview in a real browser, without JavaScript: for everybody, on any screen, and it asks nobody for anything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from newsletter.domain.issue import Issue, IssueState
from newsletter.outgoing import stand_in
from newsletter.preview.page import PreviewPage, Surroundings
from newsletter.preview.views import VIEWS
from newsletter.previewing import Eyes, look
from newsletter.store import issues
from tests.digests import LINKS, digest, renderer
from tests.web.site import Site, running_site, write_issue

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LOGIN = {"username": "operator", "password": "a long password"}
SCREENS = [(1280, "light", "served"), (1280, "dark", "file"), (375, "light", "file"), (375, "dark", "served")]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    """After the site: its inbox opens a loop of its own, and Playwright has one in this thread."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def issue(site: Site) -> Issue:
    """The sample, with a script and a form that must not act, and another edition's issue beside it."""
    rendered = renderer().digest(digest(), LINKS)
    hostile = "<script>top.location='/stolen'</script><form action='/stolen'><button>Go</button></form></body>"
    first = write_issue(site.app, state=IssueState.DRAFT)
    write_issue(site.app, edition="world", state=IssueState.DRAFT)
    html, words = rendered.html.replace("</body>", hostile), rendered.preheader
    with site.app.database.write() as connection:
        changed = replace(first, subject=rendered.subject, html=html, text=rendered.text, preheader=words)
        return issues.save_draft(connection, changed)


@pytest.fixture(scope="module")
def file(site: Site, issue: Issue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that `newsletter preview` writes."""
    seen = look(site.app, issue, Eyes(stand_in(site.app)))
    surroundings = Surroundings(lambda view: ("srcdoc", view.copy(seen.message.html)), lambda number: "other.html", ())
    page = tmp_path_factory.mktemp("look") / "index.html"
    page.write_text(PreviewPage(site.app.templates).html(seen, surroundings), "utf-8")
    return page


def open_page(browser: Browser, address: str, width: int, scheme: str, scripts: bool) -> tuple[Page, list[str]]:
    """The page, and what is asked for meanwhile, but for what its policy holds back. Only axe needs scripts."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        http_credentials=LOGIN,
        java_script_enabled=scripts,
    )
    page, asked = context.new_page(), list[str]()
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: request.failure == "csp" or asked.append(request.url))
    page.goto(address)
    return page, asked


def address_of(site: Site, issue: Issue) -> str:
    return f"{site.url}/admin/issues/{issue.id}/preview"


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme", "kind"), SCREENS)
def test_the_page_is_for_everybody(
    browser: Browser, site: Site, issue: Issue, file: Path, width: int, scheme: str, kind: str
) -> None:
    address = address_of(site, issue) if kind == "served" else file.as_uri()
    page, _ = open_page(browser, address, width, scheme, scripts=True)
    for summary in page.locator("summary").all():
        summary.click()
    found = Axe().run(page, options={"iframes": False})  # the mail has tests of its own
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for target in page.locator("main :is(button, summary, .views label, nav a, input[type=email]):visible").all():
        box = target.bounding_box()
        assert box
        assert box["height"] >= 44, target.evaluate("it => it.outerHTML")
    page.context.close()


@pytest.mark.parametrize("kind", ["served", "file"])
@pytest.mark.long
def test_each_view_is_chosen_by_keyboard(browser: Browser, site: Site, issue: Issue, file: Path, kind: str) -> None:
    address = address_of(site, issue) if kind == "served" else file.as_uri()
    page, asked = open_page(browser, address, 1280, "light", scripts=False)
    page.get_by_role("radio", name="As sent").focus()
    for view in VIEWS:
        expect(page.get_by_role("radio", name=view.name, exact=True)).to_be_checked()
        expect(page.locator("iframe:visible")).to_have_count(2)
        frame = page.frame_locator(f"iframe[title='{view.name}, on a phone, 375 pixels wide']")
        expect(frame.get_by_role("heading", level=1)).to_be_visible()
        page.keyboard.press("ArrowRight")
    assert "stolen" not in page.url
    assert [url for url in asked if not url.startswith((site.url, "file:", "about:"))] == []
    page.context.close()


def test_the_views_differ_as_mail_programs_do(browser: Browser, site: Site, issue: Issue) -> None:
    """On a dark desk the mail is shown light, and the other way round: the view decides, not the desk."""
    seen = {}
    page, _ = open_page(browser, address_of(site, issue), 600, "dark", scripts=True)
    for view in VIEWS:
        page.goto(f"{address_of(site, issue)}/view/{view.key}")
        card = page.locator(".card").first
        seen[view.key] = (
            card.evaluate("it => getComputedStyle(it).backgroundColor"),
            page.locator("h1").evaluate("it => parseFloat(getComputedStyle(it).fontSize)"),
            page.locator("html").evaluate("it => getComputedStyle(it).filter"),
        )
    page.context.close()
    light, dark = seen["light"][0], seen["dark"][0]
    assert light != dark
    assert seen["outlook"][0] == dark
    assert {seen[key][0] for key in ("no-pictures", "large", "inverted")} == {light}
    assert seen["large"][1] == 2 * seen["light"][1]
    assert seen["inverted"][2] == "invert(1) hue-rotate(180deg)"


@pytest.mark.long
def test_a_link_in_the_mail_opens_in_a_window_of_its_own(browser: Browser, site: Site, issue: Issue) -> None:
    """It can be tried out, it changes nothing, and what it leads to is no prisoner of the frame."""
    page, _ = open_page(browser, address_of(site, issue), 1280, "light", scripts=False)
    with page.context.expect_page() as other:
        page.frame_locator("iframe").first.get_by_role("link", name="Unsubscribe").click()
    expect(other.value.get_by_role("heading", level=1)).to_have_text("This link comes from a preview")
    assert page.url == address_of(site, issue)
    page.context.close()


@pytest.mark.long
def test_as_a_subscriber_and_another_edition(browser: Browser, site: Site, issue: Issue) -> None:
    page, _ = open_page(browser, address_of(site, issue), 375, "light", scripts=False)
    page.get_by_label("See it as a subscriber").fill("nobody@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_role("note")).to_contain_text("nobody@example.org has no subscription to tech")
    expect(page.get_by_label("See it as a subscriber")).to_have_value("nobody@example.org")
    page.get_by_role("link", name="Tech Decoded World").click()
    expect(page.get_by_role("link", name="Tech Decoded World")).to_have_attribute("aria-current", "page")
    page.context.close()

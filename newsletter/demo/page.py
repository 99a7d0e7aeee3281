"""The inbox in the browser: a small local web page that lists the mails and shows each as its reader sees it."""

from __future__ import annotations

import html
import mimetypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from newsletter.cli.words import count
from newsletter.demo.inbox import Inbox, Mail
from newsletter.text.frontmatter import parse
from newsletter.text.html import clean
from newsletter.text.markdown import to_html
from newsletter.text.titles import plain_title

_AGAIN = '<meta http-equiv="refresh" content="5">'
_STYLE = """
:root { color-scheme: light dark; font: 17px/1.5 Helvetica, Arial, sans-serif;
  --ground: #f2f1ec; --card: #fff; --ink: #1c1e21; --muted: #595f66; --line: #d9d6ce; --link: #0b5c86 }
@media (prefers-color-scheme: dark) { :root {
  --ground: #101214; --card: #1a1d20; --ink: #eceef0; --muted: #aab2ba; --line: #3a4046; --link: #7fc4ea } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem; background: var(--ground); color: var(--ink);
  overflow-wrap: anywhere }
h1 { font: bold 1.7rem/1.2 Georgia, serif; margin: .5rem 0 } a { color: var(--link) }
.ways a, .quiet a { display: inline-block; padding: .6rem 0 } .quiet { color: var(--muted) }
table { border-collapse: collapse; width: 100%; background: var(--card); border-top: 3px solid var(--ink) }
th, td { text-align: left; padding: .6rem .8rem; border-bottom: 1px solid var(--line) }
th, td:first-child { overflow-wrap: normal }
iframe { width: 100%; height: calc(100vh - 9rem); min-height: 30rem; border: 1px solid var(--line); background: #fff }
tr { position: relative } td a::after { content: ""; position: absolute; inset: 0 } /* the row is the link */
@media (max-width: 40rem) { thead, td:first-child { display: none } td { border: 0; padding: .2rem .8rem }
  tr { display: flex; flex-direction: column-reverse; padding: .5rem 0; border-bottom: 1px solid var(--line) } }
"""


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    kind: str = "text/html; charset=utf-8"
    status: int = 200


@dataclass(frozen=True, slots=True)
class Pages:
    """What stands at each address. `links` are (words, address) shown at the head of the list."""

    inbox: Inbox
    site: Path
    links: tuple[tuple[str, str], ...] = ()

    def answer(self, path: str) -> Answer:
        match [unquote(part) for part in urlsplit(path).path.split("/") if part]:
            case []:
                return _page("The demo's inbox", self._list(), head=_AGAIN)
            case ["favicon.ico"]:
                return Answer(b"", "image/x-icon")
            case ["mail", number] if mail := self._mail(number):
                return _page(mail.subject, _shown(mail))
            case ["mail", number, "html"] if mail := self._mail(number):
                return Answer(mail.part("html").encode())
            case ["mail", number, "text"] if mail := self._mail(number):
                return Answer(mail.part("plain").encode(), "text/plain; charset=utf-8")
            case ["mail", number, "eml"] if mail := self._mail(number):
                return Answer(mail.file.read_bytes(), "text/plain; charset=utf-8")
            case ["assets", *below] if file := self._file(["assets", *below]):
                return _sent(file)
            case [slug] if file := self._post(slug):
                return _story(file)
            case ["site", *below] if file := self._file(below):
                return _sent(file)
        return _page("Nothing here", '<p><a href="/">Back to the inbox</a></p>', status=404)

    def _mail(self, number: str) -> Mail | None:
        return next((mail for mail in self.inbox.mails if str(mail.number) == number), None)

    def _file(self, below: list[str]) -> Path | None:
        file = self.site.joinpath(*below).resolve()
        return file if file.is_file() and file.is_relative_to(self.site.resolve()) else None

    def _post(self, slug: str) -> Path | None:
        named = (file for file in sorted(self.site.glob("_posts/*")) if file.stem[len("2026-01-01-") :] == slug)
        return next(named, None)

    def _list(self) -> str:
        links = " · ".join(f'<a href="{html.escape(to)}">{html.escape(words)}</a>' for words, to in self.links)
        rows = "".join(
            f"<tr><td>{mail.number}</td><td>{html.escape(mail.recipient)}</td>"
            f'<td><a href="/mail/{mail.number}">{html.escape(mail.subject)}</a></td></tr>'
            for mail in reversed(self.inbox.mails)
        )
        held = f'<p class="quiet">{count(len(self.inbox.mails), "message")}; new ones appear by themselves.</p>'
        head = "<thead><tr><th>No</th><th>To</th><th>Subject</th></tr></thead>"
        return f'<p class="ways">{links}</p>{held}<table>{head}<tbody>{rows}</tbody></table>'


@contextmanager
def open_page(pages: Pages) -> Iterator[str]:
    """Serves `pages` on a free port of this machine until the block ends; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pages.answer))
    thread = threading.Thread(target=server.serve_forever, name="inbox-page", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _shown(mail: Mail) -> str:
    here = f"/mail/{mail.number}"
    return (
        f'<p class="quiet">To {html.escape(mail.recipient)} · <a href="{here}/text">plain text</a> · '
        f'<a href="{here}/eml">source</a> · <a href="/">all messages</a></p>'
        f'<iframe src="{here}/html" title="The message" sandbox="allow-popups allow-popups-to-escape-sandbox '
        'allow-top-navigation-by-user-activation"></iframe>'
    )


def _sent(file: Path) -> Answer:
    return Answer(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream")


def _story(file: Path) -> Answer:
    """A post of the sample site, as plainly as it gets: the demo is about the mail that led here."""
    post = parse(file.read_text("utf-8"))
    words = '<p class="quiet">A post of the sample site · <a href="/">the inbox</a></p>'
    return _page(plain_title(str(post.values.get("title", file.stem))), words + clean(to_html(post.body), "/"))


def _page(title: str, content: str, *, head: str = "", status: int = 200) -> Answer:
    shown = html.escape(title)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{head}<title>{shown}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{shown}</h1>{content}</body></html>"
    )
    return Answer(page.encode(), status=status)


def _handler(answer: Callable[[str], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answer(self.path)
            self.send_response(found.status)
            self.send_header("Content-Type", found.kind)
            self.send_header("Content-Length", str(len(found.body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            with suppress(ConnectionError):  # a browser that went on does not wait for the rest
                self.wfile.write(found.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Stays quiet: the demo's terminal has better things to say."""

    return Handler

"""The built-in inbox: a real SMTP server that keeps every byte, and its page in the browser."""

from __future__ import annotations

import smtplib
import socket
import struct
import urllib.error
import urllib.request
from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.demo.inbox import Inbox, open_inbox
from newsletter.demo.page import Pages, open_page


def message(subject: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = subject, "hello@example.org", "ada@example.org"
    made.set_content("Plain words.\n.\nA line of one dot before this one.")
    made.add_alternative('<p>Rich <img src="https://news.example.org/assets/images/a.jpg" alt=""></p>', subtype="html")
    return made


def deliver(inbox: Inbox, mail: EmailMessage, recipient: str = "ada@example.org") -> None:
    with smtplib.SMTP("127.0.0.1", inbox.port) as client:
        client.send_message(mail, to_addrs=[recipient])


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


def test_it_keeps_what_it_is_given_in_order(tmp_path: Path) -> None:
    with open_inbox(tmp_path) as inbox:
        deliver(inbox, message("One"))
        deliver(inbox, message("Zwei — 二"), "bob@example.net")
    assert [(mail.recipient, mail.subject) for mail in inbox.mails] == [
        ("ada@example.org", "One"),
        ("bob@example.net", "Zwei — 二"),
    ]
    assert "\n.\n" in inbox.mails[0].part("plain").replace("\r\n", "\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["001-ada@example.org.eml", "002-bob@example.net.eml"]


def test_a_recipient_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    with open_inbox(tmp_path / "box") as inbox:
        deliver(inbox, message("Climb"), '"../../escaped"@example.org')
    assert inbox.mails[0].file.parent == tmp_path / "box"
    assert [path.name for path in tmp_path.iterdir()] == ["box"]


def test_a_new_run_begins_empty_and_leaves_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.eml").write_text("kept")
    for _ in range(2):
        with open_inbox(tmp_path) as inbox:
            deliver(inbox, message("Again"))
    assert len(list(tmp_path.glob("0*.eml"))) == 1
    assert (tmp_path / "mine.eml").exists()


def test_it_closes_while_a_client_still_talks(tmp_path: Path) -> None:
    with open_inbox(tmp_path) as inbox:
        client = smtplib.SMTP("127.0.0.1", inbox.port)
        client.ehlo()
    client.close()


def test_the_page_lists_and_shows_the_mails(tmp_path: Path) -> None:
    picture = tmp_path / "site" / "assets" / "images" / "a.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"picture")
    with open_inbox(tmp_path / "box") as inbox, open_page(Pages(inbox, tmp_path / "site")) as address:
        deliver(inbox, message("<script>alert(1)</script>"))
        listing = get(address)
        assert "&lt;script&gt;" in listing
        assert "<script>" not in listing
        assert "sandbox=" in get(f"{address}mail/1")
        assert "<p>Rich <img" in get(f"{address}mail/1/html")
        assert "Plain words." in get(f"{address}mail/1/text")
        assert "Content-Type: multipart" in get(f"{address}mail/1/eml")
        assert get(f"{address}site/assets/images/a.jpg") == "picture"


@pytest.mark.parametrize("path", ["mail/9", "mail/1/exe", "site/../secret.txt", "site/%2e%2e/secret.txt", "site/none"])
def test_the_page_shows_nothing_else(tmp_path: Path, path: str) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    with open_inbox(tmp_path / "box") as inbox, open_page(Pages(inbox, tmp_path / "site")) as address:
        deliver(inbox, message("Here"))
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"{address}{path}")


def test_a_browser_that_goes_away_leaves_no_trace(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "large.bin").write_bytes(bytes(20_000_000))
    with open_inbox(tmp_path / "box") as inbox, open_page(Pages(inbox, tmp_path)) as page:
        host, port = page.removeprefix("http://").rstrip("/").split(":")
        with socket.create_connection((host, int(port))) as gone:
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone.sendall(b"GET /site/large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            gone.recv(100)
        assert "inbox" in get(page)
    assert "Traceback" not in capfd.readouterr().err

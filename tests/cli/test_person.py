"""What `subscribers show` says of one person."""

from __future__ import annotations

from pathlib import Path

from newsletter.app import open_app
from newsletter.config import load
from newsletter.services.preferences import change_address
from newsletter.store import subscribers
from newsletter.text.token import ADDRESS
from tests.cli.desk import Desk


def test_tags_are_not_taken_for_a_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    (tmp_path / "list.csv").write_text('email,tags\nann@example.com,"vip, harbour"\n')
    assert desk.call("subscribers", "import", "list.csv", "--newsletter", "harbour", "--edition", "near").status == 0
    assert desk.call("subscribers", "show", "ann@example.com").out.startswith("ann@example.com\n  tags: ")


def test_an_old_address_says_that_its_reader_has_another_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    desk.enlist(near="ann")
    app = open_app(load(desk.folder / "config.yaml", {}))
    with app.database.read() as connection:
        reader = subscribers.find(connection, "ann@example.com")
    assert reader
    token = app.signer.sign_expiring(ADDRESS, f"{reader.id}:0:ann@example.com:ann@example.net")
    change_address(app.database, app.signer, token, "192.0.2.1", app.clock())
    app.database.close()
    old, new = (desk.call("subscribers", "show", f"ann@example.{end}").out for end in ("com", "net"))
    assert "has another one now, and the subscriptions went along" in old
    assert "ann@example.net" not in old
    assert "another one" not in new
    assert "harbour, edition near: active since" in new

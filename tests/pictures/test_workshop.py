"""The workshop makes each picture once, side by side, in bounded time; what goes wrong is one picture's affair."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.domain.picture import THUMB, WIDE, PictureSlot
from newsletter.errors import PictureError, SourceError
from newsletter.pictures.media import Media
from newsletter.pictures.origins import LocalSite
from newsletter.pictures.shaping import shape
from newsletter.pictures.values import Download, Shaped, Wish
from newsletter.pictures.workshop import CALM, FRESH, Workshop
from tests.pictures.made import file, quarters

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
SITE = "https://blog.example.org"
FAR = "https://pictures.example.net"
PICTURE = file(quarters(1300, 800))


@dataclass
class Web:
    """Stands for the web. `pages`: what is where; a str is the words of a failure."""

    pages: dict[str, Download | str | None] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def fetch(self, address: str, validators: Mapping[str, str], seconds: float) -> Download | None:
        self.asked.append((address, dict(validators)))
        page = self.pages.get(address, "there is nothing at this address (404)")
        if isinstance(page, str):
            raise SourceError(f"{address}: {page}.")
        return page


@dataclass
class Bench:
    """Counts what is decoded."""

    shaped: list[PictureSlot] = field(default_factory=list)

    def shape(self, raw: bytes, slot: PictureSlot) -> Shaped:
        self.shaped.append(slot)
        return shape(raw, slot)


@dataclass
class Shop:
    workshop: Workshop
    web: Web
    bench: Bench
    site: Path


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    web, bench, site = Web(), Bench(), tmp_path / "site"
    site.mkdir()
    (site / "a.png").write_bytes(PICTURE)
    workshop = Workshop(Media(tmp_path / "media"), {"blog": LocalSite(SITE, site)}, web.fetch, bench.shape)
    return Shop(workshop, web, bench, site)


def wish(address: str = f"{SITE}/a.png", slot: PictureSlot = WIDE, source: str = "blog") -> Wish:
    return Wish(source, address, slot)


def files(shop: Shop) -> list[str]:
    return sorted(path.name for path in shop.workshop.media.folder.iterdir() if path.is_file())


def test_a_picture_is_made_once_and_kept_under_the_name_of_its_content(shop: Shop) -> None:
    wishes = [wish(), wish(slot=THUMB)]
    assert shop.workshop.kept(wishes, NOW) == {}
    made = shop.workshop.make(wishes, NOW)
    assert sorted(made.values()) == files(shop)
    assert len(shop.bench.shaped) == 2
    assert shop.workshop.kept(wishes, NOW + timedelta(days=300)) == made
    assert len(shop.bench.shaped) == 2
    again = replace(shop.workshop, sites=dict(shop.workshop.sites))
    assert again.kept(wishes, NOW) == made


def test_a_changed_file_is_made_anew_and_the_old_picture_stays(shop: Shop) -> None:
    first = shop.workshop.make([wish()], NOW)[wish()]
    (shop.site / "a.png").write_bytes(file(quarters(1300, 900).transpose(0)))
    assert shop.workshop.kept([wish()], NOW) == {}
    second = shop.workshop.make([wish()], NOW)[wish()]
    assert first != second
    assert files(shop) == sorted([first, second])


def test_what_was_lost_is_made_again_under_its_old_name(shop: Shop) -> None:
    name = shop.workshop.make([wish()], NOW)[wish()]
    (shop.workshop.media.folder / str(name)).unlink()
    assert shop.workshop.kept([wish()], NOW) == {}
    assert shop.workshop.make([wish()], NOW)[wish()] == name


@pytest.mark.parametrize("spoilt", [b"", b"{}", b"[1]", b'{"name": 7}', b"\xff\xfe"])
def test_a_spoilt_register_is_as_none(shop: Shop, spoilt: bytes) -> None:
    name = shop.workshop.make([wish()], NOW)[wish()]
    for page in (shop.workshop.media.folder / ".made").iterdir():
        page.write_bytes(spoilt)
    assert shop.workshop.kept([wish()], NOW) == {}
    assert shop.workshop.make([wish()], NOW)[wish()] == name


def test_that_a_file_is_no_picture_is_found_out_once(shop: Shop) -> None:
    (shop.site / "a.png").write_bytes(b"<html>")
    reason = str(shop.workshop.make([wish()], NOW)[wish()])
    assert "a web page" in reason
    assert str(shop.workshop.kept([wish()], NOW)[wish()]) == reason
    assert len(shop.bench.shaped) == 1


def test_one_fetch_for_all_slots_and_none_while_it_is_fresh(shop: Shop) -> None:
    address = f"{FAR}/x.png"
    shop.web.pages[address] = Download(PICTURE, {"If-None-Match": '"1"'})
    wishes = [wish(address), wish(address, THUMB)]
    made = shop.workshop.make(wishes, NOW)
    assert shop.web.asked == [(address, {})]
    assert shop.workshop.kept(wishes, NOW + FRESH / 2) == made
    later = NOW + FRESH * 2
    assert shop.workshop.kept(wishes, later) == {}
    shop.web.pages[address] = None  # as it was
    assert shop.workshop.make(wishes, later) == made
    assert shop.web.asked[1:] == [(address, {"If-None-Match": '"1"'})]
    assert shop.workshop.kept(wishes, later) == made
    assert len(shop.bench.shaped) == 2


def test_what_cannot_be_fetched_again_is_shown_as_it_was(shop: Shop) -> None:
    address = f"{FAR}/x.png"
    shop.web.pages[address] = Download(PICTURE)
    made = shop.workshop.make([wish(address)], NOW)
    shop.web.pages[address] = "the server answered 500"
    later = NOW + FRESH * 2
    assert shop.workshop.make([wish(address)], later) == made
    assert shop.workshop.kept([wish(address)], later + CALM / 2) == made
    assert shop.workshop.kept([wish(address)], later + CALM * 2) == {}


def test_what_cannot_be_fetched_is_not_asked_for_again_at_once(shop: Shop) -> None:
    address = f"{FAR}/x.png"
    wishes = [wish(address), wish(address, THUMB)]
    shop.web.pages[address] = "the server answered 500"
    made = shop.workshop.make(wishes, NOW)
    assert [str(made[each]) for each in wishes] == ["the server answered 500"] * 2
    kept = shop.workshop.kept(wishes, NOW + CALM / 2)
    told = "the server answered 500; it is asked for again from 08:10 UTC on"
    assert [str(kept[each]) for each in wishes] == [told] * 2
    shop.web.pages[address] = Download(PICTURE, {"If-None-Match": '"1"'})
    assert shop.workshop.kept(wishes, NOW + CALM * 2) == {}
    assert set(shop.workshop.make(wishes, NOW + CALM * 2).values()) == set(files(shop))
    assert shop.web.asked == [(address, {})] * 2


def test_that_nothing_has_changed_says_nothing_to_one_who_has_nothing(shop: Shop) -> None:
    """A server that answers 304 to whoever asks."""
    address = f"{FAR}/x.png"
    shop.web.pages[address] = None
    assert "(304)" in str(shop.workshop.make([wish(address)], NOW)[wish(address)])


def test_what_there_was_no_time_for_is_asked_for_the_next_time(shop: Shop) -> None:
    address = f"{FAR}/x.png"
    shop.web.pages[address] = Download(PICTURE)
    late = replace(shop.workshop, seconds_all=0.0).make([wish(address)], NOW)
    assert "longer than 0 seconds" in str(late[wish(address)])
    assert shop.web.asked == []
    assert isinstance(shop.workshop.make([wish(address)], NOW)[wish(address)], str)


def test_what_goes_wrong_is_one_pictures_affair(shop: Shop) -> None:
    shop.web.pages[f"{FAR}/bad.png"] = "not fetched: it leads to 10.0.0.1, which is on a private network"
    wishes = [wish(), wish(f"{FAR}/bad.png"), wish(f"{SITE}/../x.png"), wish(f"{SITE}/none.png")]
    made = [str(shop.workshop.make(wishes, NOW)[each]) for each in wishes]
    assert made[0] in files(shop)
    assert made[1] == "not fetched: it leads to 10.0.0.1, which is on a private network"
    assert "leads out of the site's folder" in made[2]
    assert f"it is not in {shop.site}, and not on the web: there is nothing" in made[3]


def test_a_source_looks_into_its_own_folder_only(shop: Shop) -> None:
    stranger = wish(source="feed")
    assert "nothing at this address" in str(shop.workshop.make([stranger], NOW)[stranger])
    assert shop.web.asked == [(f"{SITE}/a.png", {})]


def test_pictures_are_fetched_side_by_side(shop: Shop) -> None:
    """Each waits until all the others are there: one after the other would never end."""
    together = threading.Barrier(6, timeout=30)

    def fetch(address: str, validators: Mapping[str, str], seconds: float) -> Download:
        together.wait()
        return Download(PICTURE)

    wishes = [wish(f"{FAR}/{number}.png", THUMB) for number in range(6)]
    made = replace(shop.workshop, fetch=fetch).make(wishes, NOW)
    assert len(set(made.values())) == 1


def test_all_of_them_together_have_an_end(shop: Shop) -> None:
    given: list[float] = []

    def fetch(address: str, validators: Mapping[str, str], seconds: float) -> Download:
        given.append(seconds)
        time.sleep(min(seconds, 0.2))
        raise SourceError(f"{address}: no complete answer within {seconds:g} seconds.")

    wishes = [wish(f"{FAR}/{number}.png", THUMB) for number in range(40)]
    hurried = replace(shop.workshop, fetch=fetch, seconds_each=0.2, seconds_all=0.3)
    made = hurried.make(wishes, NOW)
    assert all(isinstance(one, PictureError) for one in made.values())
    assert len(made) == 40
    assert len(given) < 40  # the last ones are not even asked for
    assert all(seconds <= 0.2 for seconds in given)
    assert any("longer than 0.3 seconds" in str(one) for one in made.values())


def test_a_name_server_that_never_answers_is_left_waiting(shop: Shop) -> None:
    released = threading.Event()

    def fetch(address: str, validators: Mapping[str, str], seconds: float) -> Download:
        released.wait(60)
        raise SourceError("late")

    hurried = replace(
        shop.workshop, fetch=fetch, shape=lambda raw, slot: Shaped(b"quick", "png"), seconds_each=0.5, seconds_all=0.5
    )
    address = f"{FAR}/x.png"
    try:
        made = hurried.make([wish(address), wish()], NOW)
        assert "longer than" in str(made[wish(address)])
        assert isinstance(made[wish()], str)
    finally:
        released.set()


def test_a_folder_that_takes_nothing_is_said(shop: Shop) -> None:
    shop.workshop.media.folder.write_text("a file, where the folder should be")
    assert "see `media` in config.yaml" in str(shop.workshop.make([wish()], NOW)[wish()])


def test_two_builds_at_once_make_the_same(shop: Shop) -> None:
    results: list[object] = []
    threads = [threading.Thread(target=lambda: results.append(shop.workshop.make([wish()], NOW))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(result == results[0] for result in results)
    assert len(files(shop)) == 1  # and no half-written file beside it

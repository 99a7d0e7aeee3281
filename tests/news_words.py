# ruff: noqa: E501 (lists of words read best in long lines)
"""The words that tests/news_corpus.py makes its news of."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PREFIXES = (
    "Breaking: ", "Update: ", "Latest: ", "New: ", "Big News: ", "BREAKING - ", "[Update] ", "UPDATED: ", "Just in: ",
    "Exclusive | ", "Hot off the press: ", "Scoop! ", "(Updated) ", "Developing: ", "Watch: ", "Eilmeldung: ",
    "Última hora: ", "Срочно: ", "速報：", "Dernière minute : ", "LIVE: ", "Alert — ", "Must read: ", "Wow: ", "Oh my: ",
    "🚨 Breaking: ", "UPDATE 2-", "Breaking news: ", "Update: Breaking: ", "Newsroom: ", "Hear this: ", "",
)  # fmt: skip
SUFFIXES = (" (updated)", " | The Tarran Post", " - Tidewatch", " [Video]")
TRACKERS = (
    "?utm_source=rss&utm_medium=feed",
    "?fbclid=Iw{n}",
    "?ref=home",
    "#comments",
    "?gclid={n}",
    "?mc_cid={n}&mc_eid=x",
)
FIRMS = (
    "Harrow Marine", "Kestrel Grid", "Lumen Ridge", "Pennydrop", "Larkfield", "Molehill Maps", "Quillon", "Orrery Labs",
    "Saltmarsh Robotics", "Tarran Rail", "Vesper Foods", "Wicket Bank", "Aldermoor Glass", "Bramble Cloud", "Cobalt Farm",
    "Dunmore Steel", "Ember Audio", "Foxglove Health", "Gannet Air", "Hollin Games", "Inkwell Press", "Juniper Drones",
)  # fmt: skip
FIRST = _words("Mara Idris Nell Osric Petra Samir Tove Yusuf Ada Bruno Celia Dev Elin Farid Greta Hamo")
LAST = _words("Quill Vane Thorpe Bell Lund Okafor Hale Reed Marsh Novak Ito Brandt Silva Kerr Moss Adeyemi")
PEOPLE = tuple(f"{first} {last}" for first in FIRST for last in LAST)
PLACES = ("Marlow", "Tarran", "Aldermoor", "Corvey", "Sandwick", "Pellham", "Ostrava", "Linfield", "Ravensby")
THINGS = (
    "wall battery", "e-paper tablet", "ferry autopilot", "tidal clock", "maps app", "delivery drone", "kitchen robot",
    "hearing aid", "bus ticket app", "weather station", "3D printer", "smart oar", "solar roof", "night train", "web browser",
)  # fmt: skip
EVENTS = (
    "recalls", "unveils", "delays", "sells", "open-sources", "withdraws", "upgrades", "patents", "halves the price of",
    "stops making", "defends", "apologises for", "gives away", "redesigns",
)  # fmt: skip
NOUNS = _words(
    "engineers battery sensors price factory harbour winter design software screen repair garage village school customers glass copper signal queue council report winter shift licence archive kitchen valley tower bridge field night morning market river cable speaker engine letter judge ticket teacher pilot nurse farmer minister driver"
)
VERBS = _words(
    "said found built tested moved paid closed opened watched doubted praised measured counted blamed copied"
)
QUALITIES = _words(
    "small early careful public noisy cheap second local open quiet heavy honest late strange useful plain"
)
SYNONYMS = {
    "said": "stated", "found": "discovered", "small": "little", "built": "constructed", "early": "initial", "price": "cost",
    "factory": "plant", "customers": "buyers", "noisy": "loud", "cheap": "inexpensive", "moved": "shifted", "useful": "handy",
    "careful": "cautious", "village": "hamlet", "report": "study", "judge": "magistrate", "closed": "shut", "quiet": "silent",
    "after": "following", "because": "since", "about": "around", "while": "whereas", "but": "yet", "began": "started",
}  # fmt: skip

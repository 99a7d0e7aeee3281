"""Made-up input of any size, the same for the same seed: a Jekyll site of posts, a CSV file of readers."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsletter.demo.sample import HOME

PREFIXES = ("Breaking: ", "Update: ", "Latest: ", "New: ", "Big News: ")
CATEGORIES = ("Technology", "Business", "Health", "News", "Sports", "Women")
SITE = 'url: "https://news.example.org"\npermalink: /:title/\n'
CONFIG = """\
site: {name: Bench, url: "https://news.example.org"}
newsletters:
  bench:
    name: Bench
    sender: "Bench <hello@example.org>"
    postal_address: 1 Example Street
    sources: [{type: jekyll, path: site}]
"""


def write_site(folder: Path, posts: int, seed: int) -> None:
    """A blog as real ones are: each story told one to five times under another prefix, a word changed here and there.

    The newest post is an hour old and the days before it hold about five posts each.
    """
    rng = random.Random(seed)
    words = vocabulary()
    target = folder / "site" / "_posts"
    target.mkdir(parents=True)
    (folder / "site" / "_config.yml").write_text(SITE, "utf-8")
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    written, day = 0, datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    while written < posts:
        title = _sentence(rng, words, 6, 11).rstrip(".")
        body = [_sentence(rng, words, 8, 26) for _ in range(rng.randint(12, 28))]
        for prefix in rng.sample(PREFIXES, rng.randint(1, 5))[: posts - written]:
            written += 1
            _write_post(
                target,
                written,
                day - timedelta(minutes=7 * written % 60),
                prefix + title,
                _varied(rng, words, body),
                rng,
            )
        day -= timedelta(hours=14)


def write_readers(file: Path, readers: int) -> None:
    """`email,name,edition` lines; every address another one."""
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write("email,name,edition\n")
        for number in range(readers):
            out.write(f"reader{number:07}@mail{number % 97}.example.com,Reader {number},main\n")


def vocabulary() -> list[str]:
    """The words of the project's own sample posts."""
    text = " ".join(path.read_text("utf-8") for path in sorted((HOME / "site" / "_posts").iterdir()))
    return sorted(set(re.findall(r"\b[a-z]{2,12}\b", text)))


def _write_post(folder: Path, number: int, at: datetime, title: str, body: str, rng: random.Random) -> None:
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    text = (
        f'---\nlayout: post\ntitle: "{title}"\ndate: {at:%Y-%m-%dT%H:%M:%S}\nauthor: "bench"\n'
        f"categories: [{rng.choice(CATEGORIES)}]\ntags: []\n"
        f'excerpt: "{body[:120].replace(chr(10), " ")}"\nimage: assets/images/{number:08x}.jpg\n---\n\n{body}\n'
    )
    (folder / f"{at:%Y-%m-%d}-{slug}.md").write_text(text, "utf-8")


def _varied(rng: random.Random, words: list[str], body: list[str]) -> str:
    """One word in one sentence changed; paragraphs of three sentences."""
    varied = list(body)
    place = rng.randrange(len(varied))
    first, *rest = varied[place].split(" ")
    varied[place] = " ".join([first, rng.choice(words), *rest[1:]])
    return "\n\n".join(" ".join(varied[start : start + 3]) for start in range(0, len(varied), 3))


def _sentence(rng: random.Random, words: list[str], least: int, most: int) -> str:
    return " ".join(rng.choices(words, k=rng.randint(least, most))).capitalize() + "."

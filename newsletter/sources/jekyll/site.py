"""A Jekyll site's configuration, with Jekyll's defaults for what it does not say."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.errors import SourceError
from newsletter.sources.jekyll.defaults import Defaults
from newsletter.sources.jekyll.permalink import STYLES
from newsletter.text import psych
from newsletter.text.ruby import text, truthy

READER = "1"  # another number makes every post be read anew: raise it when a post's meaning changes here
_MARKDOWN = "markdown,mkdown,mkdn,mkd,md"
_EXCLUDED = (
    *(".sass-cache", ".jekyll-cache", "gemfiles", "Gemfile", "Gemfile.lock", "node_modules"),
    *("vendor/bundle/", "vendor/cache/", "vendor/gems/", "vendor/ruby/"),
)


@dataclass(frozen=True, slots=True)
class Site:
    """`url` and `baseurl` have no slash at their end, `values` is the file as read, `key` a hash of all of it."""

    root: Path
    url: str
    baseurl: str
    values: dict[str, Any]
    key: bytes
    zone: tzinfo
    permalink: str
    defaults: Defaults
    markdown: frozenset[str]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    collections_dir: str
    destination: str
    encoding: str
    excerpt_separator: str | None
    future: bool
    unpublished: bool
    show_drafts: bool
    limit_posts: int  # 0: no limit
    warnings: tuple[str, ...] = field(default=())

    def absolute(self, path: str) -> str:
        """`path` of the site (beginning with /) as a reader's browser needs it."""
        return self.url + self.baseurl + path


def read_site(root: Path, url: str | None) -> Site:
    """`url` overrides the site's. Raises SourceError for a configuration that Jekyll would not build from either."""
    name, values, raw = _configuration(root)
    warnings: list[str] = []
    own_url = text(values.get("url")).strip().rstrip("/")
    if not (url or own_url):
        warnings.append(
            f"{name or 'the site'} names no `url`, so its stories have no link; name it in _config.yml or in the source"
        )
    elif not url and not own_url.startswith(("http://", "https://")):
        warnings.append(
            f"{name}: `url: {own_url}` is no web address, so its stories have no link; write https:// before it"
        )
    baseurl = text(values.get("baseurl")).strip().strip("/")
    zone = _zone(values.get("timezone"), warnings)
    collections_dir = text(values.get("collections_dir")).strip("/")
    settings = b"\0".join((READER.encode(), raw, (url or "").encode(), str(root).encode()))
    return Site(
        root=root,
        url=(url or own_url).rstrip("/"),
        baseurl=f"/{baseurl}" if baseurl else "",
        values=values,
        key=blake2b(settings, digest_size=32).digest(),
        zone=zone,
        permalink=_permalink(values),
        defaults=Defaults(values.get("defaults"), root, collections_dir, zone),
        markdown=_extensions(values.get("markdown_ext")),
        include=_patterns(values, "include", name) if values.get("include") is not None else (".htaccess",),
        exclude=(*_patterns(values, "exclude", name), *_EXCLUDED),
        collections_dir=collections_dir,
        destination=text(values.get("destination")).strip("./"),
        encoding=text(values.get("encoding")) or "utf-8",
        excerpt_separator=_separator(values),
        future=truthy(values.get("future")),
        unpublished=truthy(values.get("unpublished")),
        show_drafts=truthy(values.get("show_drafts")),
        limit_posts=_limit(values.get("limit_posts"), name),
        warnings=tuple(warnings),
    )


def _configuration(root: Path) -> tuple[str, dict[str, Any], bytes]:
    for name in ("_config.yml", "_config.yaml", "_config.toml"):
        path = root / name
        if not path.is_file():
            continue
        try:
            raw = path.read_bytes()
            values = _parsed(name, raw.decode("utf-8-sig"))
        except psych.YamlError as error:
            raise SourceError(f"{path}:{error.line or 1}: {error.reason}.") from None
        except tomllib.TOMLDecodeError as error:
            raise SourceError(f"{path}: this is not TOML: {error}.") from None
        except UnicodeDecodeError:
            raise SourceError(f"{path}: it is not UTF-8; save it as UTF-8.") from None
        except OSError as error:
            raise SourceError(f"{path}: it cannot be read: {error.strerror}.") from None
        if not isinstance(values, dict):
            raise SourceError(f"{path}:1: a Jekyll configuration is `key: value` lines.")
        return name, {text(key): value for key, value in values.items()}, raw
    return "", {}, b""


def _parsed(name: str, source: str) -> Any:
    if name.endswith(".toml"):
        return tomllib.loads(source)
    values = psych.load(source)
    return {} if values is None or values is False else values


def _limit(value: object, name: str) -> int:
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SourceError(f"{name}: `limit_posts: {text(value)}` is no number of posts; write 0 for all of them.")
    return value


def _permalink(values: dict[str, Any]) -> str:
    """A collection's own permalink is a template as it stands; only the site's may name a style."""
    collections = values.get("collections")
    posts = collections.get("posts") if isinstance(collections, dict) else None
    own = posts.get("permalink") if isinstance(posts, dict) else None
    if truthy(own):
        return text(own)
    style = text(values.get("permalink")) or "date"
    return STYLES.get(style, style)


def _zone(name: object, warnings: list[str]) -> tzinfo:
    """Without a name: UTC, so that a digest does not depend on the machine that makes it."""
    if not truthy(name):
        return UTC
    try:
        return ZoneInfo(text(name).strip())
    except (ValueError, OSError, KeyError):
        warnings.append(f"_config.yml: `timezone: {text(name)}` is no zone that is known; UTC is used")
        return UTC


def _extensions(value: object) -> frozenset[str]:
    return frozenset(f".{each.lower()}" for each in (text(value) or _MARKDOWN).split(","))


def _patterns(values: dict[str, Any], key: str, name: str) -> tuple[str, ...]:
    value = values.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise SourceError(
            f"{name}: `{key}` is a list of files and folders to Jekyll; write it as one: [{text(value)}]."
        )
    return tuple(each for each in value if isinstance(each, str))


def _separator(values: dict[str, Any]) -> str | None:
    """None where the site leaves Jekyll's (an empty line): that is no choice of the author's."""
    value = values.get("excerpt_separator")
    return None if value is None else text(value)

"""A post's file as Jekyll's Document sees it: front matter over defaults, dates, categories, tags, title, slug, URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from newsletter.errors import PostError
from newsletter.sources.jekyll.defaults import deep_merge
from newsletter.sources.jekyll.permalink import PostFacts, address
from newsletter.sources.jekyll.site import Site
from newsletter.sources.jekyll.walk import Found
from newsletter.text import frontmatter, psych, ruby, rubydate

_DATED = re.compile(r"^(?>.+/)*?(\d{2,4}-\d{1,2}-\d{1,2})-([^/]*)(\.[^.]+)$", re.ASCII | re.MULTILINE)
_DATELESS = re.compile(r"^(?:.+/)*(.*)(\.[^.]+)$", re.MULTILINE)
_OUTPUT = {".scss": ".css", ".sass": ".css"}
_BY_PLUGIN = {  # what Jekyll itself copies as it stands, unless a plugin of the site's reads it
    ".textile": "textile",
    ".adoc": "asciidoc",
    ".asciidoc": "asciidoc",
    ".asc": "asciidoc",
    ".org": "org",
    ".rst": "rst",
}


@dataclass(slots=True)
class Document:
    """`date` is in UTC and whole seconds; `categories` and `tags` are what YAML made of them, in Jekyll's order."""

    found: Found
    data: dict[Any, Any]
    body: str
    date: datetime
    title: str
    slug: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    extension: str
    url: str
    draft: bool


def read(site: Site, found: Found, raw: bytes, now: datetime, modified: datetime | None = None) -> Document:
    """`modified` is what dates a draft without a date. Raises PostError."""
    text = _decoded(site, found, raw)
    try:
        matter = frontmatter.parse(text)
    except psych.YamlError as error:
        raise PostError(found.path, error.reason, line=error.line) from None
    data = _merged(site, found, matter.values)
    stem, extension = _split(found.relative)
    moment, slug = _named(site, found, data, now, stem)
    if moment is None:
        moment = modified or now
    categories = _categories(data)
    title = data.get("title")
    own_slug = data.get("slug")
    slug_text = ruby.text(own_slug) if ruby.truthy(own_slug) else slug
    draft = ruby.truthy(data.get("draft")) or "_posts" not in found.relative
    return Document(
        found=found,
        data=data,
        body=matter.body,
        date=moment,
        title=ruby.text(title) if ruby.truthy(title) else ruby.titleize(slug),
        slug=slug_text,
        categories=tuple(dict.fromkeys(ruby.text(each) for each in categories if each is not None)),
        tags=tuple(ruby.text(each) for each in _plural(data, "tag", "tags")),
        extension=extension,
        url=_url(site, found, data, moment, slug_text, stem, extension, categories),
        draft=draft,
    )


def _decoded(site: Site, found: Found, raw: bytes) -> str:
    try:
        text = raw.decode(site.encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise PostError(found.path, f"it is not {site.encoding.upper()}; save it as UTF-8", line=line) from None
    except LookupError:
        raise PostError(found.path, f"`encoding: {site.encoding}` of _config.yml is not known; write utf-8") from None
    return text[1:] if text.startswith("\ufeff") else text


def _merged(site: Site, found: Found, values: dict[Any, Any]) -> dict[Any, Any]:
    categories = _from_folders(found.relative)
    merged: dict[Any, Any] = {}
    for layer in (site.defaults.for_path(found.relative), values):
        if not layer:
            continue
        merged = deep_merge(merged, layer) if merged else dict(layer)
        own = layer.get("categories")
        if isinstance(own, str):
            own = ruby.words(own)
        if own is not None and not isinstance(own, list):
            raise PostError(found.path, f"`categories: {ruby.text(own)}` is no list; write [{ruby.text(own)}]")
        categories = ruby.union(categories, own or [])
    merged["categories"] = categories
    return merged


def _from_folders(relative: str) -> list[Any]:
    """The folders above _posts are categories; those below are not."""
    special = "_posts" if "_posts" in relative else "_drafts"
    if relative.startswith(special):
        return []
    above = relative[: relative.index(special)] if special in relative else relative
    name = relative[relative.rfind("/") + 1 :]
    return [each for each in above.split("/") if each and each != special and each != name]


def _split(relative: str) -> tuple[str, str]:
    """The path without its extension, and the extension as Ruby's File.extname cuts it."""
    name_at = relative.rfind("/") + 1
    dot = relative.rfind(".")
    if dot <= name_at or relative[name_at:dot].strip(".") == "":
        return relative, ""
    return relative[:dot], relative[dot:]


def _named(site: Site, found: Found, data: dict[Any, Any], now: datetime, stem: str) -> tuple[datetime | None, str]:
    """The date (front matter's, else the file name's) and the slug of the file name."""
    dated = _DATED.search(found.relative)
    if dated:
        slug = dated[2]
    else:
        dateless = _DATELESS.search(found.relative)
        slug = dateless[1] if dateless else stem[stem.rfind("/") + 1 :]
    if "date" in data:
        return moment(site, found, data["date"], now), slug.rstrip(".")
    return moment(site, found, dated[1], now, "the file name") if dated else None, slug.rstrip(".")


def moment(site: Site, found: Found, value: object, now: datetime, where: str = "`date`") -> datetime:
    """Raises PostError for what Jekyll stops at too."""
    try:
        if isinstance(value, datetime):
            return value.replace(microsecond=0)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=site.zone).astimezone(UTC)
        return rubydate.parse(ruby.text(value), site.zone, now)
    except (ValueError, OverflowError):
        shown = ruby.text(value)[:60]
        reason = f"{where} is no date: {shown!r}; write it like 2025-08-20 16:18:00 +0200"
        raise PostError(found.path, reason) from None


def _categories(data: dict[Any, Any]) -> list[Any]:
    own: list[Any] = data["categories"]
    if "category" not in data and all(type(each) is str for each in own):
        return own
    more = ruby.flatten(ruby.text(each) for each in [*own, *_plural(data, "category", "categories")])
    return ruby.union(own, more)


def _plural(data: dict[Any, Any], singular: str, plural: str) -> list[Any]:
    """The singular key stands as it is; the plural one is split at spaces when it is text."""
    value = data.get(singular)
    if not ruby.truthy(value):
        value = data.get(plural)
        if isinstance(value, str):
            return list(ruby.words(value))
        if not isinstance(value, list):
            return []
    return [each for each in ruby.flatten([value]) if each is not None]


def _url(
    site: Site,
    found: Found,
    data: dict[Any, Any],
    moment: datetime,
    slug: str,
    stem: str,
    extension: str,
    categories: list[Any],
) -> str:
    permalink = data.get("permalink")
    template = ruby.text(permalink) if ruby.truthy(permalink) else site.permalink
    facts = PostFacts(
        date=moment.astimezone(site.zone),
        slug=slug,
        basename=stem[stem.rfind("/") + 1 :],
        categories=tuple(categories),
        path=stem.replace("_posts", "", 1).rstrip("."),
        output_ext=_output_extension(site, template if ruby.truthy(permalink) else "", extension),
    )
    try:
        return address(template, facts)
    except ValueError as error:
        raise PostError(found.path, f"permalink {template!r}: {error}") from None


def _output_extension(site: Site, own_permalink: str, extension: str) -> str:
    if own_permalink and not own_permalink.endswith("/"):
        name = own_permalink[own_permalink.rfind("/") + 1 :]
        dot = name.rfind(".")
        if dot > 0:
            return name[dot:]
    low = extension.lower()
    if low in site.markdown or _plugin_reads(site, low):
        return ".html"
    return _OUTPUT.get(low, extension)


def _plugin_reads(site: Site, extension: str) -> bool:
    word = _BY_PLUGIN.get(extension)
    plugins = site.values.get("plugins") or site.values.get("gems")
    return bool(word) and isinstance(plugins, list) and any(str(word) in ruby.text(each) for each in plugins)

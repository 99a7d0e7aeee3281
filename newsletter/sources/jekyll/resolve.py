"""Liquid in a post, with what its site and its page tell a template."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from newsletter.sources.jekyll.document import Document
from newsletter.sources.jekyll.links import Links
from newsletter.sources.jekyll.site import Site
from newsletter.text import ruby

if TYPE_CHECKING:
    from newsletter.text.liquid import Renderer


class Resolver:
    """Called with a document and a text of it. Each kind of warning is said once, with the first post it met."""

    def __init__(self, site: Site, links: Links, warnings: list[str]) -> None:
        self.site, self.links, self.warnings = site, links, warnings
        self.said: Counter[str] = Counter()
        self.renderer: Renderer | None = None
        self.site_values = {**site.values, "url": site.url, "baseurl": site.baseurl, "posts": [], "pages": []}

    def __call__(self, doc: Document, text: str) -> str:
        from newsletter.text import liquid  # most sites need none of it, and it takes a while to load

        if self.renderer is None:
            self.renderer = liquid.Renderer()

        def warn(sentence: str) -> None:
            self.said[sentence] += 1
            if self.said[sentence] == 1:
                self.warnings.append(f"{doc.found.path}: {sentence}")

        scope = liquid.Scope(
            variables={"site": self.site_values, "page": self._page(doc)},
            url=self.site.url,
            baseurl=self.site.baseurl,
            post=self.links.post,
            file=self.links.file,
            warn=warn,
        )
        return self.renderer.render(text, scope)

    def _page(self, doc: Document) -> dict[str, Any]:
        known = {key: value for key, value in doc.data.items() if isinstance(key, str)}
        return {
            **known,
            "title": doc.title,
            "url": doc.url,
            "path": doc.found.relative,
            "slug": doc.slug,
            "date": doc.date.astimezone(self.site.zone),
            "categories": list(doc.categories),
            "tags": list(doc.tags),
            "id": doc.url.removesuffix(".html"),
            "draft": doc.draft,
            "excerpt": ruby.text(doc.data.get("excerpt")),
        }

"""A site's folders and its _config.yml, as Jekyll 4.3.1 takes them (the expectations are its answers)."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.domain.post import Markup, Post, PostState, Skipped
from newsletter.errors import PostError, SourceError
from newsletter.sources.base import SourceState
from newsletter.sources.jekyll import JekyllSource, items
from newsletter.sources.jekyll.permalink import slugify

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
POST = "_posts/2015-03-07-a-b.md"


class Blog:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.warnings: list[str] = []
        self.skipped: dict[str, str] = {}

    def write(self, path: str, front: str = "", body: str = "Words.") -> Blog:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(f"---\n{front}\n---\n{body}\n".encode())
        return self

    def config(self, text: str) -> Blog:
        self.root.mkdir(exist_ok=True)
        (self.root / "_config.yml").write_text(text, "utf-8")
        return self

    def read(self, **options: object) -> dict[str, Post]:
        reading = JekyllSource("blog", self.root, **options).read(SourceState(), NOW)
        posts: dict[str, Post] = {}
        self.skipped = {}
        for item in reading.items:
            if isinstance(item, Skipped):
                self.skipped[item.item] = item.reason
                continue
            try:
                if post := item.parse():
                    posts[item.key] = post
            except PostError as error:
                self.skipped[item.key] = str(error)
        self.warnings = reading.warnings
        return posts


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(tmp_path / "site")


@pytest.mark.parametrize(
    ("permalink", "path"),
    [
        ("", "/x/y%20z/2015/03/07/a-b.html"),
        ("date", "/x/y%20z/2015/03/07/a-b.html"),
        ("pretty", "/x/y%20z/2015/03/07/a-b/"),
        ("ordinal", "/x/y%20z/2015/066/a-b.html"),
        ("weekdate", "/x/y%20z/2015/W10/Sat/a-b.html"),
        ("none", "/x/y%20z/a-b.html"),
        ("/:year/:i_month/:i_day/:slug/", "/2015/3/7/a-b/"),
        ("/:short_year-:short_month-:long_month/:title", "/15-Mar-March/a-b"),
        ("/:slugified_categories/:name:output_ext", "/x/y-z/2015-03-07-a-b.html"),
        ("/:collection/:path", "/posts/2015-03-07-a-b"),
        ("/:w_year/:week/:w_day/:short_day/:long_day", "/2015/10/6/Sat/Saturday"),
        ("/:hour:minute:second/:month_:day", "/183005/03_07"),
        ("a/../:title/./x", "/a/a-b/x"),
    ],
)
def test_permalinks(blog: Blog, permalink: str, path: str) -> None:
    blog.config(f"url: https://e.org/\nbaseurl: blog/\npermalink: {permalink}\n")
    blog.write(POST, "date: 2015-03-07 18:30:05\ncategories: [X, Y Z]")
    assert blog.read()[POST].url == f"https://e.org/blog{path}"


def test_a_posts_own_permalink_and_one_that_is_wrong(blog: Blog) -> None:
    blog.write(POST, "permalink: /fixed/page.htm").write("_posts/2015-03-08-c.md", "permalink: /:nope/")
    assert blog.read()[POST].url == "/fixed/page.htm"
    assert "`:nope`" in blog.skipped["_posts/2015-03-08-c.md"]


def test_the_sources_address_overrides_the_sites(blog: Blog) -> None:
    blog.config("url: https://e.org\nbaseurl: /b\n").write(POST)
    assert blog.read(url="https://other.org/")[POST].url == "https://other.org/b/2015/03/07/a-b.html"
    assert blog.warnings == []
    blog.config("title: no address\n").read()
    assert "names no `url`, so its stories have no link" in blog.warnings[0]
    blog.config("url: blog.example.org\n").read()
    assert "`url: blog.example.org` is no web address" in blog.warnings[0]
    blog.read(url="https://other.org/")
    assert blog.warnings == []


def test_a_time_zone_dates_what_names_none(blog: Blog) -> None:
    blog.config("timezone: America/New_York\npermalink: /:year/:month/:day/:hour/\n")
    blog.write(POST, "date: 2015-07-01 22:30")
    blog.write("_posts/2015-03-08-c.md", "date: 2015-07-01 02:30:00")  # with seconds and no zone YAML says UTC
    posts = blog.read()
    assert posts[POST].published == datetime(2015, 7, 2, 2, 30, tzinfo=UTC)
    assert posts[POST].url == "/2015/07/01/22/"
    assert posts["_posts/2015-03-08-c.md"].published == datetime(2015, 7, 1, 2, 30, tzinfo=UTC)
    assert posts["_posts/2015-03-08-c.md"].url == "/2015/06/30/22/"


def test_defaults_by_path_and_type(blog: Blog) -> None:
    blog.config(
        "defaults:\n"
        "- {scope: {path: ''}, values: {author: everyone, tags: [all], image: {path: /a.png, alt: A}}}\n"
        "- {scope: {path: docs, type: posts}, values: {author: docs, categories: guide}}\n"
        "- {scope: {path: '', type: pages}, values: {author: nobody}}\n"
        "- {scope: {path: '*/_posts/deep'}, values: {author: deep}}\n"
    )
    blog.write(POST, "image: {alt: B}").write("docs/_posts/2015-01-01-x.md", "tags: [own]\nauthor:")
    blog.write("docs/_posts/deep/2015-01-01-y.md")
    posts = blog.read()
    assert (posts[POST].author, posts[POST].tags, posts[POST].image, posts[POST].image_alt) == (
        "everyone",
        ("all",),
        "/a.png",
        "B",
    )
    other = posts["docs/_posts/2015-01-01-x.md"]
    assert (other.author, other.tags, other.categories) == ("docs", ("own",), ("docs", "guide"))
    assert posts["docs/_posts/deep/2015-01-01-y.md"].author == "deep"


@pytest.mark.parametrize(
    ("config", "front", "path", "state"),
    [
        ("", "", POST, PostState.PUBLISHED),
        ("", "date: 2027-01-01", POST, PostState.FUTURE),
        ("future: true", "date: 2027-01-01", POST, PostState.PUBLISHED),
        ("", "published: false", POST, PostState.UNPUBLISHED),
        ("", "published:", POST, PostState.UNPUBLISHED),
        ("", "published: 0", POST, PostState.PUBLISHED),
        ("unpublished: true", "published: false", POST, PostState.PUBLISHED),
        ("", "draft: true", POST, PostState.DRAFT),
        ("", "title: T", "_drafts/idea.md", PostState.DRAFT),
        ("", "draft: false", "_drafts/idea.md", PostState.DRAFT),
        ("show_drafts: true", "date: 2015-01-01", "_drafts/idea.md", PostState.PUBLISHED),
    ],
)
def test_states(blog: Blog, config: str, front: str, path: str, state: PostState) -> None:
    blog.write(path, front).config(config)
    assert blog.read()[path].state is state


def test_a_site_that_shows_only_its_newest(blog: Blog) -> None:
    blog.config("url: https://e.org\nlimit_posts: 2\n")
    blog.write("_posts/2020-01-01-old.md").write("_posts/2020-01-02-new.md")
    blog.write("_posts/2019-01-01-moved.md", "date: 2020-01-03")
    blog.write("_posts/2020-01-04-hidden.md", "published: false").write("_posts/2020-01-05-broken.md", "a: b: c")
    blog.write("_drafts/idea.md").write("_posts/2099-01-01-later.md")
    states = {path: post.state for path, post in blog.read().items()}
    assert [path for path, state in states.items() if state is PostState.PUBLISHED] == [
        "_posts/2019-01-01-moved.md",
        "_posts/2020-01-02-new.md",
    ]
    assert len(states) == 5
    assert list(blog.skipped) == ["_posts/2020-01-05-broken.md"]
    blog.config("url: https://e.org\nlimit_posts: 0\n")
    assert "_posts/2020-01-01-old.md" in blog.read()


def test_folders_that_jekyll_enters(blog: Blog) -> None:
    blog.config("exclude: [skipped, 'tools/*']\ninclude: [_pages]\ndestination: ./public\n")
    inside = ["_posts", "_posts/sub/sub", "docs/guide/_posts", "_pages/_posts"]
    outside = [
        "skipped/_posts",
        "tools/x/_posts",
        "_other/_posts",
        ".git/_posts",
        "node_modules/a/_posts",
        "old~/_posts",
    ]
    outside += ["public/_posts", "vendor/bundle/_posts", "_posts/.hidden"]
    for folder in inside + outside:
        blog.write(f"{folder}/2015-01-01-x.md")
    assert set(blog.read()) == {f"{folder}/2015-01-01-x.md" for folder in inside}
    assert blog.read()["docs/guide/_posts/2015-01-01-x.md"].categories == ("docs", "guide")


def test_collections_dir(blog: Blog) -> None:
    blog.config("collections_dir: content\ncollections: {posts: {permalink: '/c/:title/'}}\n")
    blog.write("content/_posts/2015-01-01-x.md").write("_posts/2015-01-01-y.md").write(
        "content/a/_posts/2015-01-01-z.md"
    )
    posts = blog.read()
    assert set(posts) == {"content/_posts/2015-01-01-x.md", "content/a/_posts/2015-01-01-z.md"}
    assert posts["content/_posts/2015-01-01-x.md"].categories == ()
    assert posts["content/a/_posts/2015-01-01-z.md"].categories == ("a",)
    assert posts["content/_posts/2015-01-01-x.md"].url == "/c/x/"


def test_markup_by_extension(blog: Blog) -> None:
    for extension in ("md", "markdown", "mkd", "html", "text", "textile"):
        blog.write(f"_posts/2015-01-01-{extension}.{extension}")
    kinds = {post.slug: (post.markup, post.url.rpartition(".")[2]) for post in blog.read().values()}
    assert kinds == {
        "md": (Markup.MARKDOWN, "html"),
        "markdown": (Markup.MARKDOWN, "html"),
        "mkd": (Markup.MARKDOWN, "html"),
        "html": (Markup.HTML, "html"),
        "text": (Markup.TEXT, "text"),
        "textile": (Markup.TEXT, "textile"),  # Jekyll itself copies it as it stands
    }
    blog.config("markdown_ext: text\nplugins: [jekyll-textile-converter]\n")
    posts = blog.read()
    assert posts["_posts/2015-01-01-text.text"].markup is Markup.MARKDOWN
    assert posts["_posts/2015-01-01-textile.textile"].url.endswith(".html")


def test_files_that_are_no_posts(blog: Blog) -> None:
    blog.write(POST).write("_posts/undated.md").write("_posts/2015-01-01-data.yml")
    (blog.root / "_posts/2015-01-01-photo.jpg").write_bytes(b"\xff\xd8\0\0")
    (blog.root / "_posts/2015-01-01-latin.md").write_bytes(b"---\nlayout: post\ntitle: Caf\xe9\n---\n")
    assert set(blog.read()) == {POST}
    assert blog.skipped.keys() == {"_posts/undated.md", "_posts/2015-01-01-latin.md"}
    assert "YYYY-MM-DD" in blog.skipped["_posts/undated.md"]
    assert blog.skipped["_posts/2015-01-01-latin.md"].startswith("_posts/2015-01-01-latin.md:3: ")


def test_links_do_not_lead_out(blog: Blog, tmp_path: Path) -> None:
    secret = Blog(tmp_path / "outside").write("_posts/2015-01-01-secret.md")
    blog.write(POST).write("real/2015-01-02-inside.md")
    (blog.root / "_posts/2015-01-01-out.md").symlink_to(secret.root / "_posts/2015-01-01-secret.md")
    (blog.root / "_posts/2015-01-02-in.md").symlink_to(blog.root / "real/2015-01-02-inside.md")
    (blog.root / "more").symlink_to(secret.root)
    (blog.root / "loop").symlink_to(blog.root)
    assert set(blog.read()) == {POST, "_posts/2015-01-02-in.md"}
    assert blog.skipped.keys() == {"_posts/2015-01-01-out.md", "more"}


def test_a_link_that_leads_to_itself_hides_nothing_else(blog: Blog) -> None:
    blog.write(POST).write("sub/_posts/2015-01-02-c.md")
    for place in ("_posts/2015-01-03-round.md", "_posts/round", "round"):
        (blog.root / place).symlink_to(blog.root / place)
    assert set(blog.read()) == {POST, "sub/_posts/2015-01-02-c.md"}
    assert "leads back to itself" in blog.skipped["_posts/2015-01-03-round.md"]


def test_a_folder_that_cannot_be_read_is_told_and_its_posts_are_not_gone(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a stand-in for the system's refusal, which root does not get."""
    blog.write(POST).write("sub/_posts/2015-01-02-c.md")
    scan = os.scandir
    closed = [""]

    def refuse(path: str) -> object:
        if path.endswith(closed[0]):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr("newsletter.sources.jekyll.walk.os.scandir", refuse)
    closed[0] = "/_posts"
    with pytest.raises(SourceError, match="_posts: this folder cannot be read: Permission denied"):
        blog.read()
    closed[0] = "/sub"
    assert POST in blog.read()
    assert blog.skipped == {"sub": "this folder cannot be read: Permission denied"}


@pytest.mark.parametrize("number", ["0x" + "f" * 6000, "0b" + "1" * 20000, "0" + "7" * 9000, "9" * 6000])
@pytest.mark.parametrize("key", ["title", "slug", "permalink", "author"])
def test_a_number_of_thousands_of_digits_harms_no_other_post(blog: Blog, key: str, number: str) -> None:
    blog.write(POST).write("_posts/2015-01-02-long.md", f"{key}: {number}")
    assert POST in blog.read()


def test_a_file_that_cannot_be_read(blog: Blog) -> None:
    blog.write(POST)
    (blog.root / "_posts/2015-01-01-x.md").symlink_to(blog.root / "nothing.md")
    assert set(blog.read()) == {POST}
    assert "cannot be read" in blog.skipped["_posts/2015-01-01-x.md"]


@pytest.mark.parametrize(
    ("front", "image"),
    [
        ("image: /a b.png", "https://e.org/blog/a%20b.png"),
        ("image: img/a.png", "https://e.org/blog/img/a.png"),
        ("image: /blog/a.png", "https://e.org/blog/a.png"),
        ("image: '{{ site.baseurl }}/a.png'", "https://e.org/blog/a.png"),
        ("image: //cdn.org/a.png", "https://cdn.org/a.png"),
        ("image: http://cdn.org/a.png", "http://cdn.org/a.png"),
        ("image: {src: /a.png, alt: A}", "https://e.org/blog/a.png"),
        ("image: 'javascript:alert(1)'", None),
        ("image:", None),
        ("image: [/a.png, /b.png]", "https://e.org/blog/a.png"),
    ],
)
def test_images(blog: Blog, front: str, image: str | None) -> None:
    blog.config("url: https://e.org\nbaseurl: /blog\n").write(POST, front)
    assert blog.read()[POST].image == image


@pytest.mark.parametrize(
    ("front", "alt"),
    [
        ("image: {path: /a.png, alt: A crane}", "A crane"),
        ("image: {path: /a.png, caption: A crane}", "A crane"),
        ("image: /a.png\nimage_alt: A crane", "A crane"),
        ("image: {path: /a.png}\nimage_alt: A crane", "A crane"),
        ("image: {path: /a.png, alt: A crane}\nimage_alt: Another", "A crane"),
        ("image: {path: /a.png, caption: Another}\nimage_alt: A crane", "A crane"),
        ("image: /a.png\nimage_alt: 1984", "1984"),
        ("image: /a.png\nimage_alt:", ""),
        ("image: /a.png\nimage_alt: [no, words]", ""),
        ("image_alt: A picture that is not there", ""),
    ],
)
def test_what_a_picture_shows_is_said_in_it_or_beside_it(blog: Blog, front: str, alt: str) -> None:
    blog.config("url: https://e.org\n").write(POST, front)
    assert blog.read()[POST].image_alt == alt


@pytest.mark.parametrize(
    ("front", "author"),
    [
        ("author: Ann", "Ann"),
        ("author: [Ann, Bob]", "Ann, Bob"),
        ("author: {name: Ann, email: a@e.org}", "Ann"),
        ("authors:\n- name: Ann\n- bob", "Ann, bob"),
        ("author:", None),
    ],
)
def test_authors(blog: Blog, front: str, author: str | None) -> None:
    assert blog.write(POST, front).read()[POST].author == author


def test_plain_text_everywhere(blog: Blog) -> None:
    blog.write(
        POST,
        'title: "A &amp; <em>B</em>\\u202e {{ 7*7 }}"\ntags: [x, 1, 2015-01-01]\n'
        'excerpt: "Read [this](/x) and **that**."\ndescription: not this\nfeatured: yes\nweight: 3',
        "{{ 7*7 }}",
    )
    post = blog.read()[POST]
    assert post.title == "A & B {{ 7*7 }}"
    assert post.tags == ("x", "1", "2015-01-01")
    assert post.excerpt == "Read this and that."
    assert (post.featured, post.weight) == (True, 3.0)
    assert post.body == "{{ 7*7 }}\n"


@pytest.mark.parametrize(
    ("written", "weight"),
    [("5", 5), ("'5'", 5), ("-2.5", -2.5), (".nan", 0), ("'nan'", 0), ("9" * 400, 1e6), ("-.inf", -1e6), ("high", 0),
     ("true", 0), ("[3]", 0), ("", 0)],
)  # fmt: skip
def test_weights_are_numbers_within_reason(blog: Blog, written: str, weight: float) -> None:
    assert blog.write(POST, f"weight: {written}").read()[POST].weight == weight


def test_where_the_author_ended_the_excerpt(blog: Blog) -> None:
    blog.config("excerpt_separator: '<!-- cut -->'\n").write(POST, "", "First.\n<!-- cut -->\nSecond.")
    blog.write("_posts/2015-03-08-c.md", "excerpt_separator: '~~'", "First.\n~~\nSecond.")
    for post in blog.read().values():
        assert post.body.partition("<!--more-->")[0].strip() == "First."
        assert "cut" not in post.body


def test_links_between_posts_follow_their_permalinks(blog: Blog) -> None:
    blog.config("baseurl: /b\npermalink: /:categories/:title/\n")
    blog.write(
        POST, "", "{% post_url 2015-03-08-c %} {% post_url docs/2015-03-09-d %} {% link about.md %} {% link x.png %}"
    )
    blog.write("_posts/2015-03-08-c.md", "category: Cat").write("docs/_posts/2015-03-09-d.md").write("about.md")
    assert blog.read()[POST].body.split() == ["/b/cat/c/", "/b/docs/d/", "/b/about/"]
    assert blog.warnings[-1].startswith(f"{POST}: {{% link x.png %}}")


def test_liquid_is_left_alone_where_the_author_says_so(blog: Blog) -> None:
    assert blog.write(POST, "render_with_liquid: false", "{% x %}").read()[POST].body == "{% x %}\n"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("a: b: c\n", "_config.yml:1"),
        ("- a\n", "key: value"),
        ("exclude: x.md\n", "is a list"),
        ("limit_posts: ten\n", "write 0"),
    ],
)
def test_a_configuration_that_is_none(blog: Blog, config: str, words: str) -> None:
    blog.write(POST).config(config)
    with pytest.raises(SourceError, match=words):
        blog.read()


def test_no_posts_folder(blog: Blog) -> None:
    blog.write("about.md")
    with pytest.raises(SourceError, match="no _posts folder"):
        blog.read()
    blog.write(POST)
    with pytest.raises(SourceError, match="the folder above"):
        Blog(blog.root / "_posts").read()
    os.remove(blog.root / POST)  # noqa: PTH107 - an empty folder is a young blog, not a mistake
    assert blog.read() == {}


def test_other_processes_say_the_same(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(600):
        category = "categories: [b]" if number % 7 == 0 else "categories: [a]"
        broken = "\nx: a: b" if number % 50 == 0 else ""
        blog.write(
            f"_posts/2015-01-01-p{number}.md",
            f"title: T{number}\n{category}{broken}",
            "{% nope %}" * (number % 90 == 1),
        )
    alone = blog.read(categories=("A",)), blog.skipped, blog.warnings
    monkeypatch.setattr(items, "_WORTH_IT", 10)
    monkeypatch.setattr(items.parallel, "possible", lambda: True)
    assert (blog.read(categories=("A",)), blog.skipped, blog.warnings) == alone


@pytest.mark.parametrize(
    ("word", "plain", "pretty"),
    [
        ("The _config.yml file", "The-config-yml-file", "The-_config.yml-file"),
        ("-a--b-", "a-b", "a-b"),
        ("c++ & c#", "c-c", "c++-&-c"),
        ("über ΣΣ 中文", "über-ΣΣ-中文", "über-ΣΣ-中文"),
        ("！全角！", "全角", "全角"),
        ("１２", "１２", "１２"),
    ],
)
def test_slugs(word: str, plain: str, pretty: str) -> None:
    assert (slugify(word), slugify(word, pretty=True)) == (plain, pretty)

"""What MJML has: each component, where it may stand and which attributes it reads. Values: mjml_values."""

from __future__ import annotations

_PADDING = "padding padding-top padding-right padding-bottom padding-left "
_BORDER = "border border-top border-right border-bottom border-left border-radius "
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform "
_BACKGROUND = (
    "background-color background-url background-repeat background-size "
    "background-position background-position-x background-position-y "
)
_INNER_BORDER = "inner-border inner-border-top inner-border-right inner-border-bottom inner-border-left "
_BOX = "container-background-color "
_SECTION = _BACKGROUND + _BORDER + _PADDING + "direction full-width text-align text-padding "
_ICON = "icon-align icon-height icon-position icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt "
_SOCIAL = "border-radius icon-height icon-padding icon-size text-padding "
_SOCIAL_FONT = "color font-family font-size font-style font-weight line-height text-decoration "

EVERYWHERE = frozenset({"css-class", "mj-class"})
ATTRIBUTES = {
    name: frozenset(words.split())
    for name, words in {
        "mjml": "lang dir owa",
        "mj-head": "",
        "mj-body": "background-color width id",
        "mj-title": "",
        "mj-preview": "",
        "mj-breakpoint": "width",
        "mj-font": "name href",
        "mj-style": "inline",
        "mj-attributes": "",
        "mj-raw": "position",
        "mj-section": _SECTION,
        "mj-wrapper": _SECTION,
        "mj-column": _BORDER + _PADDING + _INNER_BORDER + "background-color inner-background-color "
        "inner-border-radius vertical-align width direction",
        "mj-group": "background-color direction vertical-align width",
        "mj-text": _FONT + _PADDING + _BOX + "align height vertical-align",
        "mj-image": _BORDER + _PADDING + _BOX + "align alt fluid-on-mobile font-size height href max-height name rel "
        "sizes src srcset target title usemap width",
        "mj-button": _FONT + _BORDER + _PADDING + _BOX + "align background-color height href inner-padding name rel "
        "target text-align title vertical-align width",
        "mj-divider": _PADDING + _BOX + "align border-color border-style border-width width",
        "mj-spacer": _PADDING + _BOX + "border border-top border-right border-bottom border-left height",
        "mj-table": _PADDING + _BOX + "align border cellpadding cellspacing color font-family font-size font-weight "
        "line-height role table-layout vertical-align width",
        "mj-hero": _PADDING + "background-color background-url background-position background-height background-width "
        "border-radius height "
        "inner-background-color inner-padding inner-padding-top inner-padding-right inner-padding-bottom "
        "inner-padding-left mode vertical-align",
        "mj-navbar": "align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size "
        "ico-line-height ico-open ico-padding ico-padding-top ico-padding-right ico-padding-bottom "
        "ico-padding-left ico-text-decoration ico-text-transform " + _PADDING,
        "mj-navbar-link": _FONT + _PADDING + "href name rel target",
        "mj-social": _SOCIAL_FONT + _PADDING + _BOX + _SOCIAL + "align border inner-padding mode table-layout "
        "vertical-align",
        "mj-social-element": _SOCIAL_FONT + _PADDING + _SOCIAL + "align alt background-color border href icon-position "
        "name rel sizes src srcset target title vertical-align",
        "mj-accordion": _PADDING + _ICON + _BOX + "border font-family icon-wrapped-url",
        "mj-accordion-element": _ICON + "background-color border font-family icon-wrapped-url",
        "mj-accordion-title": _PADDING + "background-color color font-family font-size font-weight",
        "mj-accordion-text": _PADDING + "background-color color font-family font-size font-weight letter-spacing "
        "line-height",
        "mj-carousel": _PADDING + _BOX + "align border-radius icon-width left-icon right-icon tb-border "
        "tb-border-radius tb-hover-border-color tb-selected-border-color tb-width thumbnails",
        "mj-carousel-image": "alt border-radius href rel src target tb-border tb-border-radius thumbnails-src title",
    }.items()
}

_HEAD = "mj-title mj-preview mj-breakpoint mj-font mj-style mj-attributes mj-raw"
_BLOCKS = "mj-text mj-image mj-button mj-divider mj-spacer mj-table mj-navbar mj-social mj-accordion mj-carousel mj-raw"
CHILDREN = {
    name: frozenset(words.split())
    for name, words in {
        "mjml": "mj-head mj-body",
        "mj-head": _HEAD,
        "mj-body": "mj-section mj-wrapper mj-hero mj-raw",
        "mj-wrapper": "mj-section mj-hero",
        "mj-section": "mj-column mj-group mj-raw",
        "mj-group": "mj-column mj-raw",
        "mj-column": _BLOCKS,
        "mj-hero": _BLOCKS,
        "mj-navbar": "mj-navbar-link",
        "mj-social": "mj-social-element",
        "mj-accordion": "mj-accordion-element",
        "mj-accordion-element": "mj-accordion-title mj-accordion-text",
        "mj-carousel": "mj-carousel-image",
    }.items()
}
EMPTY = frozenset(["mj-image", "mj-divider", "mj-spacer", "mj-carousel-image", "mj-font", "mj-breakpoint"])
PLAIN = frozenset(["mj-title", "mj-preview", "mj-style"])  # text alone, no tag
# These hold HTML or text: a component inside them is not compiled.
ENDINGS = frozenset(ATTRIBUTES) - frozenset(CHILDREN) - {"mj-attributes"}
# The compiler stumbles over a comment in these, or takes it for an element.
UNCOMMENTED = (
    EMPTY | PLAIN | frozenset(["mj-attributes", "mj-social", "mj-accordion", "mj-accordion-element", "mj-carousel"])
)

_VOID = "area base br col embed hr img input link meta source track wbr"
VOID = frozenset(_VOID.split())

_GUTTER = "it is lost. Give the columns a padding"
_INSIDE = "it is lost, or not reckoned with. Give the elements inside a padding"
_UNRECKONED = "pictures inside would be too wide by it. Write border, or a table inside mj-text"
_ON_IMAGE = "it is lost. Write border, or a plain <img> inside mj-text"
# What the compiler accepts and silently leaves out, and what to write in its place.
IGNORED = {
    ("mj-style", "inline"): "it is not inlined. Write the styles into style attributes, by a macro for instance",
    ("mj-table", "role"): "the role is lost. Write a plain <table role=…> inside mj-text",
    ("mj-wrapper", "gap"): "the gap is lost. Give the sections a padding",
    ("mj-wrapper", "gutter"): _GUTTER,
    ("mj-section", "gutter"): _GUTTER,
    ("mj-text", "background-color"): "it is lost. Write container-background-color",
    ("mj-body", "id"): "it is lost. Write css-class",
    ("mj-button", "title"): "the title is lost. Say it in the button's words",
    ("mj-image", "sizes"): "it is lost. Write a plain <img> inside mj-text",
    **{("mj-image", f"border-{side}"): _ON_IMAGE for side in ("top", "right", "bottom", "left")},
    ("mj-accordion-title", "font-weight"): "it is lost. Write <b> around the words",
    ("mj-social", "border"): "it is lost. Draw the border into the picture",
    ("mj-social-element", "border"): "it is lost. Draw the border into the picture",
    ("mj-social-element", "icon-position"): "it is lost. Write the link inside mj-text",
    ("mj-social-element", "srcset"): "it is lost. Give src a picture of twice the size",
    ("mj-social-element", "sizes"): "it is lost. Give src a picture of twice the size",
    **{("mj-column", f"inner-border{side}"): _UNRECKONED for side in ("", "-left", "-right")},
    ("mj-hero", "border-radius"): "it is lost. Write it on a section",
    **{("mj-hero", name): _INSIDE for name in ATTRIBUTES["mj-hero"] if "padding" in name},
}
REFUSED = {
    "mj-include": "it is not followed as it should. Use Jinja's {% include %}",
    "mj-html-attributes": "the compiler does not know it. Write the attributes where they belong",
    "mj-html-attribute": "the compiler does not know it. Write the attributes where they belong",
    "mj-selector": "the compiler does not know it. Write the attributes where they belong",
    "mj-font": "each reader's mail program would ask that server for it, and most do not. Use fonts that readers have",
}
MISPLACED = {
    ("mj-raw", "mj-wrapper"): "it would be seen in Outlook alone. Put it into a section",
    ("mj-raw", "mjml"): "the compiler refuses it. Put it into mj-head or mj-body",
    ("mj-body", "mj-attributes"): "the compiler leaves it out. Write the attributes on <mj-body> itself",
}

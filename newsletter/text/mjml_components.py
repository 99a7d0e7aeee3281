"""What MJML has: each component, where it may stand and which attributes it reads."""

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
_SOCIAL = "border-radius icon-height icon-padding icon-size inner-padding text-padding "

EVERYWHERE = frozenset({"css-class", "mj-class"})
ATTRIBUTES = {
    name: frozenset(words.split())
    for name, words in {
        "mjml": "lang dir owa",
        "mj-head": "",
        "mj-body": "background-color width id lang dir",
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
        "mj-spacer": _PADDING + _BORDER + _BOX + "height vertical-align width",
        "mj-table": _FONT + _PADDING + _BOX + "align border cellpadding cellspacing table-layout text-align "
        "vertical-align width",
        "mj-hero": _BACKGROUND + _PADDING + _BOX + "align background-height background-width border-radius height "
        "inner-background-color inner-padding inner-padding-top inner-padding-right inner-padding-bottom "
        "inner-padding-left mode vertical-align width",
        "mj-navbar": "align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size "
        "ico-line-height ico-open ico-padding ico-padding-top ico-padding-right ico-padding-bottom "
        "ico-padding-left ico-text-decoration ico-text-transform " + _PADDING,
        "mj-navbar-link": _FONT + _PADDING + "href name rel target",
        "mj-social": _FONT + _PADDING + _BOX + _SOCIAL + "align mode table-layout vertical-align",
        "mj-social-element": _FONT + _PADDING + _SOCIAL + "align alt background-color href icon-position name rel "
        "sizes src srcset target title vertical-align",
        "mj-accordion": _PADDING + _ICON + _BOX + "border font-family icon-wrapped-url",
        "mj-accordion-element": _ICON + "background-color border font-family icon-wrapped-url",
        "mj-accordion-title": _FONT + _PADDING + "background-color",
        "mj-accordion-text": _FONT + _PADDING + "background-color",
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
        "mj-wrapper": "mj-section mj-hero mj-raw",
        "mj-section": "mj-column mj-group mj-raw",
        "mj-group": "mj-column mj-raw",
        "mj-column": _BLOCKS,
        "mj-hero": _BLOCKS,
        "mj-navbar": "mj-navbar-link mj-raw",
        "mj-social": "mj-social-element mj-raw",
        "mj-accordion": "mj-accordion-element mj-raw",
        "mj-accordion-element": "mj-accordion-title mj-accordion-text mj-raw",
        "mj-carousel": "mj-carousel-image",
    }.items()
}
# These hold HTML or text: a component inside them is not compiled.
ENDINGS = frozenset(ATTRIBUTES) - frozenset(CHILDREN) - {"mj-attributes"}

_VOID = "area base br col embed hr img input link meta source track wbr"
VOID = frozenset(_VOID.split())

# What the compiler accepts and silently leaves out, and what to write in its place.
IGNORED = {
    ("mj-style", "inline"): "it is not inlined. Write the styles into style attributes, by a macro for instance",
    ("mj-table", "role"): "the role is lost. Write a plain <table role=…> inside mj-text",
    ("mj-wrapper", "gap"): "the gap is lost. Give the sections a padding",
}
REFUSED = {
    "mj-include": "it is not followed as it should. Use Jinja's {% include %}",
    "mj-html-attributes": "the compiler does not know it. Write the attributes where they belong",
    "mj-selector": "the compiler does not know it. Write the attributes where they belong",
}

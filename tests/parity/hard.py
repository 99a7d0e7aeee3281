"""Emails that are hard for a compiler, all of them sound by the linter."""

from __future__ import annotations

from tests.parity.probes import PICTURE, body, column, head

_TEXT = "<mj-text>x</mj-text>"
_COLUMNS = f"<mj-column>{_TEXT}</mj-column>"

HARD = {
    "right to left": f'<mjml lang="ar" dir="rtl"><mj-body><mj-section direction="rtl">{_COLUMNS * 2}</mj-section>'
    "</mj-body></mjml>",
    "another width": f'<mjml><mj-body width="480px">{"<mj-section>" + _COLUMNS * 3 + "</mj-section>"}</mj-body></mjml>',
    "columns in shares": body(
        f'<mj-section><mj-column width="33.33%">{_TEXT}</mj-column><mj-column width="66.67%">'
        f"<mj-image {PICTURE} /></mj-column></mj-section>"
    ),
    "columns in pixels": body(
        f'<mj-section padding="0px 24px"><mj-column width="440px">{_TEXT}</mj-column><mj-column width="112px">'
        f'<mj-image {PICTURE} padding="0" width="112px" height="112px" /></mj-column></mj-section>'
    ),
    "noughts without a unit": head(
        '<mj-attributes><mj-section padding="0 24px" /><mj-class name="k" padding="0 3px 0 0" /></mj-attributes>',
        f'<mj-section><mj-column padding-left="0" padding="0 10px"><mj-image {PICTURE} padding="10px 0" /></mj-column>'
        f'<mj-column mj-class="k"><mj-image {PICTURE} padding="0 5px" /><mj-divider padding="0 7px" /></mj-column>'
        f'</mj-section><mj-wrapper padding="0 20px"><mj-section padding="0">{_COLUMNS * 2}</mj-section></mj-wrapper>',
    ),
    "a column of a width beside two without": body(
        f'<mj-section><mj-column width="40%">{_TEXT}</mj-column>{_COLUMNS * 2}</mj-section>'
    ),
    "a group beside a column": body(f"<mj-section><mj-group>{_COLUMNS * 2}</mj-group>{_COLUMNS}</mj-section>"),
    "wrappers of wide sections": body(
        '<mj-wrapper full-width="full-width" background-color="#123456" padding="10px" border="2px solid #654321">'
        f'<mj-section full-width="full-width" background-url="https://example.org/b.png">{_COLUMNS}</mj-section>'
        f"<mj-section>{_COLUMNS * 4}</mj-section></mj-wrapper>"
    ),
    "a background that fits": body(
        '<mj-section background-url="https://example.org/b.png" background-size="cover" background-repeat="no-repeat" '
        f'background-position="top left">{_COLUMNS}</mj-section>'
    ),
    "borders within borders": body(
        '<mj-section border="1px solid #123456" padding="10px"><mj-column border="1px solid #123456" padding="10px" '
        f'border-radius="4px" background-color="#ffffff"><mj-image {PICTURE} border="2px solid #123456" />'
        "<mj-divider /></mj-column></mj-section>"
    ),
    "nothing in it": body("<mj-section></mj-section><mj-section><mj-column></mj-column></mj-section><mj-wrapper />"),
    "comments": column("<!-- a --><mj-text><!-- <b> & < --> x</mj-text><!-- </mj-column> -->"),
    "words for Outlook": column(
        "<mj-text><!--[if mso]><table><tr><td><![endif]-->x<!--[if mso]></td></tr></table><![endif]--></mj-text>"
        "<mj-raw><!--[if mso]><p>y</p><![endif]--></mj-raw>"
    ),
    "words for all but Outlook": column("<mj-text>a<!--[if !mso]><!--><b>x</b><!--<![endif]-->b</mj-text>"),
    "raw in every place": head(
        '<mj-raw><meta name="a" content="b"></mj-raw>',
        "<mj-raw><p>x</p></mj-raw><mj-section><mj-raw><!-- a --></mj-raw><mj-column><mj-raw><tr><td>x</td></tr>"
        "</mj-raw></mj-column></mj-section>",
    ),
    "characters": column(
        "<mj-text>&amp; &lt;b&gt; &nbsp;&copy;&#169; &unknown; R&D \\ \u200f\u05d0 😀 \u4e2d\u6587 “x”</mj-text>"
        '<mj-button href="https://example.org?a=1&amp;b=2&c=3">&amp; go</mj-button>'
    ),
    "HTML of all sorts": column(
        "<mj-text><ul><li>a</li></ul><pre>  a\n   b</pre><br/><hr><input disabled><table><tr><td nowrap>x</td></tr>"
        '</table><a href="https://example.org" title="a &quot;b&quot;">y</a><v:rect x="y"></v:rect></mj-text>'
    ),
    "a head with all": head(
        '<mj-title>A &amp; B</mj-title><mj-preview>P &amp; Q</mj-preview><mj-breakpoint width="400px" />'
        "<mj-style>a > b{color:#123456}</mj-style><mj-style>@media (max-width:400px){.a{color:#123456 !important}}"
        '</mj-style><mj-attributes><mj-all font-family="Georgia" /><mj-text padding="0" font-size="17px" />'
        '<mj-class name="big" font-size="30px" css-class="k" /></mj-attributes>',
        '<mj-section><mj-column><mj-text mj-class="big">x</mj-text><mj-text mj-class="none" css-class="b  a">y'
        "</mj-text></mj-column></mj-section>",
    ),
    "a hero of a height": body(
        '<mj-hero mode="fixed-height" height="400px" background-url="https://example.org/b.png" '
        f'background-width="600px" background-height="300px" vertical-align="middle">{_TEXT}'
        '<mj-button href="https://example.org">y</mj-button></mj-hero>'
    ),
    "a hero in a wrapper": body(f"<mj-wrapper><mj-hero>{_TEXT}</mj-hero></mj-wrapper>"),
    "two menus": column(
        '<mj-navbar hamburger="hamburger" base-url="https://example.org"><mj-navbar-link href="/a">A</mj-navbar-link>'
        '</mj-navbar><mj-navbar hamburger="hamburger"><mj-navbar-link href="/b">B</mj-navbar-link></mj-navbar>'
    ),
    "a carousel": column(
        '<mj-carousel left-icon="https://example.org/l.png" right-icon="https://example.org/r.png">'
        f"<mj-carousel-image {PICTURE} /><mj-carousel-image {PICTURE} /></mj-carousel>"
    ),
    "quotes within quotes": column(
        """<mj-text><a href='https://example.org' style='font-family:"Segoe UI",Arial'>y</a></mj-text>"""
    ),
    "icons of our own": column(
        f'<mj-social mode="vertical" icon-size="30px" icon-height="40px"><mj-social-element {PICTURE} '
        'href="https://example.org">A</mj-social-element></mj-social>'
    ),
    "a table of figures": column(
        '<mj-table cellpadding="3" width="50%"><tr><th>a</th></tr><tr><td>1</td></tr></mj-table>'
    ),
    "rules and gaps": column(
        '<mj-divider width="50%" align="left" /><mj-spacer height="30px" /><mj-divider width="90px" />'
    ),
}

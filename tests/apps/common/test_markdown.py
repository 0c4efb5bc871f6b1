"""Our documents as HTML: what is shown, and what never gets through."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingheng.common.markdown import to_html

KNOWN = {"a", "blockquote", "br", "code", "div", "em", "h1", "h2", "hr", "li", "ol", "p", "pre", "span", "strong",
         "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"}  # fmt: skip


def lead(href):
    return f"/methods/{href[:-3]}/" if href.endswith(".md") and "/" not in href else None


def test_it_shows_headings_lists_code_and_links_between_pages():
    html = to_html("## Formula\n\n- a **b** `c`\n\n[other](ct-body.md) and [away](../adr/1.md)\n", lead)
    assert "<h2>Formula</h2>" in html
    assert "<li>a <strong>b</strong> <code>c</code></li>" in html
    assert '<a href="/methods/ct-body/">other</a>' in html
    assert "<span>away</span>" in html  # not served here: text without a link
    assert "adr" not in html


def test_it_aligns_tables_by_class_and_lets_them_scroll():
    html = to_html("| a | b |\n|--:|---|\n| 1 | 2 |\n", lead)
    assert '<td class="right">1</td>' in html
    assert html.startswith('<div class="table-scroll" tabindex="0"')
    assert html.rstrip().endswith("</table></div>")
    assert "style" not in html


def test_it_knows_sub_and_sup_and_no_other_html():
    html = to_html(
        "D<sub>w</sub> cm<sup>2</sup> <b>x</b> <sub onclick=x>y</sub> `<sub>z</sub>`\n\n<script>1</script>", lead
    )
    assert "D<sub>w</sub> cm<sup>2</sup>" in html
    assert re.findall(r"<(\w+)", html) == ["p", "sub", "sup", "code", "p"]


def test_it_shows_the_words_of_a_picture():
    assert to_html("![a <b> chart](x.png)", lead) == "<p>a &lt;b&gt; chart</p>\n"


def test_addresses_of_the_web_take_nothing_along():
    html = to_html("[paper](https://example.org/a?b=1&c=2)", lambda href: href if href.startswith("https://") else None)
    assert html == '<p><a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer">paper</a></p>\n'


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "http://x/y.md", "//x/y.md"])
def test_no_other_address_becomes_a_link(target):
    assert "<a" not in to_html(f"[x]({target})", lead)


@given(st.text(alphabet="<>/ab=\"'&;[]()!`*_|-\n .subp", max_size=120))
def test_only_known_elements_and_attributes_come_out(text):
    html = to_html(text, lead)
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= KNOWN
    for attributes in re.findall(r"<[a-z0-9]+ ([^>]*)>", html):
        names = set(re.findall(r'([a-z-]+)="', re.sub(r'="[^"]*"', '=""', attributes)))
        assert names <= {"href", "rel", "class", "tabindex", "role", "aria-label", "start"}

"""Our own documents as HTML: no raw HTML but sub and sup, no inline style, wide tables in a box that scrolls."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

LinkTarget = Callable[[str], str | None]
"""What a link of the document leads to here; None leaves its text without a link."""

_RAISED = re.compile(r"<(sub|sup)>([^<>\n]{1,40})</\1>")
_ALIGN = {"text-align:left": "left", "text-align:right": "right", "text-align:center": "center"}


def to_html(text: str, link: LinkTarget) -> SafeString:
    """The document as HTML.  Everything that is not Markdown is escaped; images are left out."""
    parser = _parser()
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in {"th_open", "td_open"}:
            _align(token)
        if token.children:
            _lead(token.children, link)
    # Escaped by the renderer: raw HTML is off, attributes come from the parser.
    return SafeString(parser.renderer.render(tokens, parser.options, {}))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["html_block", "html_inline"])
    parser.inline.ruler.before("autolink", "raised", _raised)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    parser.add_render_rule("image", _image)
    return parser


def _raised(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the signature of the parser's rules
    """<sub>w</sub> and <sup>2</sup>, the only HTML our documents use; what is inside is plain text."""
    if state.src[state.pos] != "<":
        return False
    found = _RAISED.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push(f"{found[1]}_open", found[1], 1)
        state.push("text", "", 0).content = found[2]
        state.push(f"{found[1]}_close", found[1], -1)
    state.pos = found.end()
    return True


def _align(token: Token) -> None:
    """A class in place of the inline style, which the content policy refuses."""
    side = _ALIGN.get(str(token.attrs.pop("style", "")))
    if side:
        token.attrSet("class", side)


def _lead(children: Sequence[Token], link: LinkTarget) -> None:
    inside: list[Token] = []
    for token in children:
        if token.type == "link_open":
            _lead_one(token, link(str(token.attrs.get("href", ""))))
            inside.append(token)
        elif token.type == "link_close":
            token.tag = inside.pop().tag


def _lead_one(token: Token, target: str | None) -> None:
    if target is None:
        token.tag, token.attrs = "span", {}
        return
    token.attrs = {"href": target}
    if target.startswith("https://"):
        token.attrs["rel"] = "noopener noreferrer"


def _table_open(
    _self: RendererHTML, _tokens: Sequence[Token], _index: int, _options: OptionsDict, _env: dict[str, str]
) -> str:
    return f'<div class="table-scroll" tabindex="0" role="region" aria-label="{_("Table")}"><table>'


def _table_close(
    _self: RendererHTML, _tokens: Sequence[Token], _index: int, _options: OptionsDict, _env: dict[str, str]
) -> str:
    return "</table></div>"


def _image(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, str]) -> str:
    """The words that stand for the picture."""
    return str(escape(self.renderInlineAsText(tokens[index].children or [], options, env)))

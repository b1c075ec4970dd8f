"""Reads reports back the way their readers do: Markdown by a parser of GitHub's flavour, HTML by a strict parser."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.report.document import Cell, Changes, Document, Facts, Hazards, Look, Paragraph, Points, Section, Table, Typed
from reconciler.report.html import POLICY
from reconciler.report.html_style import STYLE
from reconciler.report.untrusted import visible

# A block of Markdown as it is read: its sort, and what stands in it.
Read = tuple[Any, ...]

_PARSER = MarkdownIt("gfm-like")
_PAIRS = {"strong_open", "strong_close"}
_OUR_TAGS = {"<sub>", "</sub>", "<span>", "</span>"}
_ORDER = re.compile(r"#(?=#\w*\[)")


def squeezed(text: str) -> str:
    """A text as it looks: runs of spaces are one, and spaces of no width none."""
    return " ".join(text.replace("\u200b", "").split())


def read_markdown(text: str) -> list[Read]:
    """The blocks of a text, with the words in them; anything that we never write is an error."""
    return list(_blocks(_PARSER.parse(text)))


def _blocks(tokens: Sequence[Token]) -> Iterable[Read]:
    place = 0
    while place < len(tokens):
        token = tokens[place]
        end = place
        if token.nesting == 1:
            depth = 0
            for end in range(place, len(tokens)):
                depth += tokens[end].nesting
                if depth == 0:
                    break
        inner = tokens[place + 1 : end]
        match token.type:
            case "heading_open" | "paragraph_open":
                yield (token.tag, _words(inner[0]))
            case "bullet_list_open":
                yield ("ul", [_one(item) for item in _split(inner, "list_item")])
            case "table_open":
                yield ("table", [[_words(cell[0]) for cell in _cells(row)] for row in _split(inner, "tr")])
            case "fence":
                yield ("fence", token.info, token.content.rstrip("\n").split("\n"))
            case "html_block":
                yield ("html", token.content.strip())
            case _:
                raise AssertionError(f"a block that we never write: {token.type} {token.content!r}")
        place = end + 1


def _split(tokens: Sequence[Token], kind: str) -> Iterable[Sequence[Token]]:
    opened = None
    for place, token in enumerate(tokens):
        if token.type == f"{kind}_open":
            opened = place
        elif token.type == f"{kind}_close":
            assert opened is not None
            yield tokens[opened + 1 : place]


def _cells(row: Sequence[Token]) -> Iterable[Sequence[Token]]:
    yield from _split(row, "th")
    yield from _split(row, "td")


def _one(item: Sequence[Token]) -> str:
    blocks = list(_blocks(item))
    assert [block[0] for block in blocks] == ["p"], blocks
    return str(blocks[0][1])


def _words(token: Token) -> str:
    parts = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        else:
            assert child.type in _PAIRS or (child.type == "html_inline" and child.content in _OUR_TAGS), (child.type, child.content)
    return squeezed("".join(parts))


def expected_markdown(document: Document) -> list[Read]:
    """The blocks that a document has to be read as, where all of it has room."""
    blocks: list[Read] = [("html", None), ("h2", _cell(document.title))]
    for block in document.blocks:
        blocks += _expected(block, "h3")
    if document.foot:
        blocks.append(("p", squeezed(" · ".join(f"{label} {_cell(cell)}" for label, cell in document.foot))))
    return blocks


def _expected(block: Any, rank: str) -> list[Read]:
    if isinstance(block, Paragraph):
        return [("p", _cell(block.pieces))]
    if isinstance(block, Points):
        return [("ul", [_cell(item) for item in block.items])]
    if isinstance(block, Typed):
        return [("p", squeezed(f"{visible(block.label)}: {_code(block.command)}"))]
    if isinstance(block, Facts):
        return [("ul", [squeezed(f"{visible(label)}: {_cell(cell)}") for label, cell in block.rows])]
    if isinstance(block, Hazards):
        lines = [
            squeezed(
                f"{visible(one.name)} {_code(one.address)}: {visible(one.text)}"
                + (f" To permit it: {_code(f'--allow {one.permission}')}, or {_code('permits:')} in the files" if one.permission else "")
            )
            for one in block.entries
        ]
        return [("p", squeezed(f"{block.title}. {block.text}")), ("ul", lines)]
    if isinstance(block, Table):
        return [("table", [[squeezed(text) for text in block.head], *([_cell(cell, in_table=True) for cell in row] for row in block.rows)])]
    if isinstance(block, Changes):
        return [("fence", "diff", _diff(block))]
    assert isinstance(block, Section)
    inner = [read for part in block.blocks for read in _expected(part, "h4")]
    return [("html", _cell(block.title)), *inner, ("html", "</details>")] if block.detail else [(rank, _cell(block.title)), *inner]


def _diff(block: Changes) -> list[str]:
    lines, group = [], ""
    for row in block.rows:
        if row.group != group:
            group = row.group
            lines.append(f"  {group}")
        remark = f"  ({row.remark})" if row.remark else ""
        if row.old is not None:
            lines.append(f"- {_side(row.label, row.old)}{remark if row.new is None else ''}")
        if row.new is not None:
            lines.append(f"+ {_side(row.label, row.new)}{remark}")
    return [_code(line).rstrip() for line in lines]


def _side(label: str, side: str) -> str:
    return f"{label}{'' if side.startswith(('> ', '< ')) else ' '} {side}".strip()


def _cell(cell: Cell, *, in_table: bool = False) -> str:
    parts = []
    for piece in cell:
        text = _code(piece.text) if piece.look is Look.CODE else visible(piece.text)
        parts.append(text.replace("|", "\\x7c") if piece.look is Look.CODE and in_table else text)
    return squeezed("".join(parts))


def _code(text: str) -> str:
    """Letter by letter, but for what would be an order to a build server."""
    return _ORDER.sub(r"\\x23", visible(text))


def same_blocks(read: list[Read], expected: list[Read]) -> None:
    """Compare block by block; of our own HTML only the words count."""
    for number, (got, wanted) in enumerate(zip(read, expected, strict=True)):
        if wanted[0] == "html":
            assert got[0] == "html", (number, got)
            if wanted[1] is None:
                assert re.fullmatch(r"<!-- reconciler:\w+ target=[\w.%~-]* -->", got[1]), got
            elif wanted[1] != "</details>":
                found = re.fullmatch(r"<details><summary>(.*)</summary>", got[1])
                assert found, got
                assert squeezed(unescape(re.sub(r"</?code>", "", found[1]))) == wanted[1].replace("\\x23", "#") or "\\x23" in wanted[1]
            else:
                assert got[1] == "</details>"
        else:
            assert got == wanted, number


_TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "footer",
        "section",
        "div",
        "h1",
        "h2",
        "h3",
        "p",
        "br",
        "ul",
        "li",
    ),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "code", "strong", "span", "ins", "del", "dl", "dt", "dd"),
}
_ATTRIBUTES = {
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "role",
    "scope",
    "id",
    "aria-labelledby",
    "tabindex",
    "data-label",
    "colspan",
}


def read_html(text: str) -> Element:
    """The page, parsed strictly, with what every page must keep to."""
    root: Element = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False).parse(text)
    elements = list(root.iter())
    assert {one.tag for one in elements} <= _TAGS
    assert {name for one in elements for name in one.attrib} <= _ATTRIBUTES
    assert [one.text for one in elements if one.tag == "style"] == [STYLE]
    assert [one.get("content") for one in elements if one.get("http-equiv")] == [POLICY]
    assert root.get("lang") == "en"
    names = [one.get("id") for one in elements if one.get("id")]
    assert len(set(names)) == len(names)
    assert {part for one in elements for part in (one.get("aria-labelledby") or "").split()} <= set(names)
    assert all(one.get("scope") for one in elements if one.tag == "th")
    assert all(one.find("caption") is not None for one in elements if one.tag == "table")
    assert [one.tag for one in elements if one.tag in ("header", "main", "h1")] == ["header", "h1", "main"]
    return root


def hidden(text: str) -> list[str]:
    """Characters that a terminal obeys, or that nobody can see."""
    return sorted({char for char in set(text) if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")})


def orders(text: str) -> list[str]:
    """What a build server would obey."""
    return [line for line in text.splitlines() if re.search(r"##\w*\[", line) or line.lstrip().startswith("::")]

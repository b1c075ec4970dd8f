"""Links between pages lead somewhere: the file is there, and so is the heading."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.pages.pages import ROOT, page_names


def test_every_link_leads_to_a_file_and_a_heading_of_this_project() -> None:
    dead = []
    for page in page_names():
        for link in links_of((ROOT / page).read_text("utf-8")):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            there = (ROOT / page).parent / path if path else ROOT / page
            if not there.exists() or (anchor and anchor not in anchors_of(there)):
                dead.append(f"{page}: {link}")
    assert dead == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = (link.partition("#")[0] for link in links_of(page.read_text("utf-8")) if not re.match(r"[a-z]+:", link))
        waiting += [(page.parent / link).resolve() for link in links if link]
    assert {page for page in page_names() if (ROOT / page) not in reached} == set()


def links_of(text: str) -> list[str]:
    """Where the links and pictures of a page lead."""
    return [
        str(href)
        for token in flat(MarkdownIt("commonmark").enable("table").parse(text))
        if (href := token.attrGet("href") or token.attrGet("src"))
    ]


def flat(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *flat(token.children or []))]


def anchors_of(page: Path) -> set[str]:
    """The anchors that forges give to the headings of a page."""
    tokens = MarkdownIt("commonmark").parse(page.read_text("utf-8"))
    titles = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

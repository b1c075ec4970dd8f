"""A document as one HTML file that needs nothing else: no script, no image, no font, no address outside of itself.

In -> Out: a document -> HTML.
Neighbours: called by `formats`; the look is in `html_style`. The only user of Jinja2. `_clean` makes every piece visible, Jinja2's
autoescape makes it text, and nothing is exempt.

A browser is told the same by a Content-Security-Policy: nothing may be loaded or run, and only the one style sheet, by its hash, counts.

Effects: none.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined, Template

from reconciler.report.document import Block, Document
from reconciler.report.html_style import STYLE
from reconciler.report.untrusted import visible

__all__ = ["POLICY", "html_text"]

_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
# Source: W3C Content Security Policy Level 3, sections 6.1 and 2.3.1; `frame-ancestors` has no effect in a meta element.
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"

_TEMPLATE = """\
{%- macro pieces(cell) -%}
{%- for piece in cell -%}
{%- if piece.look == "code" %}<code>{{ piece.text }}</code>
{%- elif piece.look == "strong" %}<strong>{{ piece.text }}</strong>
{%- elif piece.look == "faint" %}<span class="faint">{{ piece.text }}</span>
{%- else %}{{ piece.text }}
{%- endif -%}
{%- endfor -%}
{%- endmacro -%}

{%- macro facts(rows) -%}
<dl>
{%- for label, cell in rows %}
<dt>{{ label }}</dt><dd>{{ pieces(cell) }}</dd>
{%- endfor %}
</dl>
{%- endmacro -%}

{%- macro table(block, id, within) -%}
<div class="wide" role="region" aria-labelledby="{{ within }}{{ id }}" tabindex="0">
<table role="table">
<caption id="{{ id }}">{{ block.caption }}</caption>
<thead role="rowgroup"><tr role="row">
{%- for title in block.head -%}
{%- if title %}<th role="columnheader" scope="col"{% if loop.index0 in block.numbers %} class="number"{% endif %}>{{ title }}</th>
{%- else %}<td role="cell"></td>{% endif -%}
{%- endfor -%}
</tr></thead>
<tbody role="rowgroup">
{%- for row in block.rows %}
<tr role="row">
{%- for cell in row -%}
{%- if loop.index0 == block.row_head %}<th role="rowheader" scope="row">{{ pieces(cell) }}</th>
{%- elif not cell %}<td role="cell"></td>
{%- else %}<td role="cell"{% if loop.index0 in block.numbers %} class="number"{% endif %} data-label="{{ block.head[loop.index0] }}">
{{- pieces(cell) }}</td>{% endif -%}
{%- endfor -%}
</tr>
{%- endfor %}
</tbody>
</table>
</div>
{%- endmacro -%}

{%- macro changes(block, id, within) -%}
{%- set has_old = block.rows | rejectattr("old", "none") | list | length > 0 -%}
{%- set has_new = block.rows | rejectattr("new", "none") | list | length > 0 -%}
<div class="wide changes" role="region" aria-labelledby="{{ within }}{{ id }}" tabindex="0">
<table role="table">
<caption id="{{ id }}">{{ block.caption }}</caption>
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">What</th>
{%- if has_old %}<th role="columnheader" scope="col">Before</th>{% endif -%}
{%- if has_new %}<th role="columnheader" scope="col">After</th>{% endif -%}
</tr></thead>
<tbody role="rowgroup">
{%- set seen = namespace(group="") %}
{%- for row in block.rows %}
{%- if row.group != seen.group %}{% set seen.group = row.group %}
<tr class="group" role="row"><th role="rowheader" scope="row" colspan="{{ 1 + has_old + has_new }}"><code>{{ row.group }}</code></th></tr>
{%- endif %}
<tr role="row"><th role="rowheader" scope="row"{% if row.group %} class="indented"{% endif %}><code>{{ row.label }}</code>
{%- if row.remark %}<br><span class="faint">{{ row.remark }}</span>{% endif %}</th>
{%- if has_old %}<td role="cell">{% if row.old is not none %}<del><code>{{ row.old }}</code></del>{% endif %}</td>{% endif -%}
{%- if has_new %}<td role="cell">{% if row.new is not none %}<ins><code>{{ row.new }}</code></ins>{% endif %}</td>{% endif -%}
</tr>
{%- endfor %}
</tbody>
</table>
</div>
{%- endmacro -%}

{%- macro hazards(block, id) -%}
<section class="risk {{ block.tone }}" aria-labelledby="{{ id }}">
<h2 id="{{ id }}">{{ block.title }}</h2>
{%- if block.text %}
<p>{{ block.text }}</p>
{%- endif %}
<ul>
{%- for entry in block.entries %}
<li><strong>{{ entry.name }}</strong> <code>{{ entry.address }}</code><br>{{ entry.text }}
{%- if entry.permission %}<br><span class="faint">To permit it:</span> <code>--allow {{ entry.permission }}</code>, or {# -#}
<code>permits:</code> in the files{% endif %}</li>
{%- endfor %}
</ul>
</section>
{%- endmacro -%}

{%- macro render(block, id, within="") -%}
{%- set kind = kind_of(block) -%}
{%- if kind == "Paragraph" %}<p{% if block.tone != "plain" %} class="{{ block.tone }}"{% endif %}>{{ pieces(block.pieces) }}</p>
{%- elif kind == "Points" %}<ul>{% for item in block.items %}
<li>{{ pieces(item) }}</li>{% endfor %}
</ul>
{%- elif kind == "Typed" %}<p>{{ block.label }}:<code class="typed">{{ block.command }}</code></p>
{%- elif kind == "Hazards" %}{{ hazards(block, id) }}
{%- elif kind == "Table" %}{{ table(block, id, within) }}
{%- elif kind == "Changes" %}{{ changes(block, id, within) }}
{%- elif kind == "Facts" %}{{ facts(block.rows) }}
{%- else %}{% set rank = "h3" if within else "h2" %}<section{% if not within %} class="part"{% endif %} aria-labelledby="{{ id }}">
<{{ rank }} id="{{ id }}">{{ pieces(block.title) }}</{{ rank }}>
{%- for inner in block.blocks %}
{{ render(inner, id ~ "-" ~ loop.index, id ~ " ") }}
{%- endfor %}
</section>
{%- endif -%}
{%- endmacro -%}

<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="reconciler">
<title>{{ title }}</title>
<style>@style@</style>
</head>
<body>
<header class="banner {{ document.tone }}">
<h1>{{ pieces(document.title) }}</h1>
</header>
<main>
{%- for block in document.blocks %}
{{ render(block, "part-" ~ loop.index) }}
{%- endfor %}
</main>
{%- if document.foot %}
<footer>
{{ facts(document.foot) }}
</footer>
{%- endif %}
</body>
</html>
"""


def html_text(document: Document) -> str:
    """Write a document as one file, in ASCII, so that it reads the same whatever it is written through."""
    title = "".join(piece.text for piece in document.title)
    page = _template().render(document=document, title=title, policy=POLICY)
    return _disarmed(page.encode("ascii", "xmlcharrefreplace").decode("ascii"))


@cache
def _template() -> Template:
    # The sheet is part of the template, since a browser takes what stands in a style element as it is; a piece could only be escaped.
    source = _TEMPLATE.replace("@style@", f"{{% raw %}}{STYLE}{{% endraw %}}")
    environment = Environment(
        loader=DictLoader({"page": source}), autoescape=True, undefined=StrictUndefined, finalize=_clean, auto_reload=False
    )
    environment.globals["kind_of"] = _kind_of
    return environment.get_template("page")


def _clean(value: Any) -> Any:
    """Every text that enters the page, made visible; Jinja2 escapes it next. What a macro made is text and tags already."""
    return visible(value) if type(value) is str else value


def _kind_of(block: Block) -> str:
    return type(block).__name__


_ORDER = re.compile(r"#(?=#\w*\[)|^(\s*):(?=:)", re.MULTILINE)


def _disarmed(page: str) -> str:
    """A page that gives no build server an order, if it is printed into a log. The same characters to a browser."""
    return _ORDER.sub(lambda found: "&#35;" if found[0] == "#" else f"{found[1]}&#58;", page)

"""How the HTML reports look: one sheet for screens light and dark, narrow and wide, and for paper.

System fonts, colours with at least 4.5:1 against what they stand on, tables that scroll inside themselves on a phone, and nothing
fetched from anywhere.

Effects: none.
"""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """\
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1c2128; --faint: #59636e; --line: #d5dae0; --soft: #f5f7f9;
  --good: #0f6d31; --good-soft: #e9f6ed; --warning: #7d4e00; --warning-soft: #fdf5e3; --danger: #b3202a; --danger-soft: #fdeeee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14181d; --text: #e4e8ec; --faint: #9aa5b1; --line: #363e47; --soft: #1c2229;
    --good: #5cc47d; --good-soft: #16291d; --warning: #e0ab4f; --warning-soft: #2b2414; --danger: #ff8b87; --danger-soft: #331b1d;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 68rem; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; overflow-wrap: break-word;
}
del, ins, dd, .risk li, .typed, h1, h2 { overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 .75rem; font-weight: 650; }
h2 { font-size: 1.12rem; line-height: 1.35; margin: 2.25rem 0 .6rem; font-weight: 650; }
h3 { font-size: 1rem; margin: 1.1rem 0 .25rem; font-weight: 650; }
p { margin: .5rem 0; }
code {
  font: .875em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "Noto Sans Mono", "DejaVu Sans Mono", monospace; unicode-bidi: isolate;
  ;
}
h1 code, h2 code { font-size: .94em; font-weight: 600; }
a { color: inherit; text-decoration-color: var(--faint); text-underline-offset: .15em; }
a:focus-visible, [tabindex]:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
.faint { color: var(--faint); }
.good { color: var(--good); } .warning { color: var(--warning); } .danger { color: var(--danger); }
.banner { border-left: .3rem solid var(--line); padding-left: .9rem; }
.banner.good {
  border-color: var(--good); } .banner.warning { border-color: var(--warning);
  } .banner.danger { border-color: var(--danger);
}
.banner h1 { color: var(--text); }
.risk { border: 1px solid var(--line); border-radius: .4rem; padding: .9rem 1.1rem; margin: 1.25rem 0; }
.risk h2 { margin: 0 0 .25rem; }
.risk.danger { background: var(--danger-soft); border-color: var(--danger); color: var(--text); }
.risk.danger h2 { color: var(--danger); }
.risk.warning { background: var(--warning-soft); border-color: var(--warning); color: var(--text); }
.risk.warning h2 { color: var(--warning); }
.risk ul { list-style: none; margin: .5rem 0 0; padding: 0; }
.risk li + li { margin-top: .65rem; }
.wide { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .94rem; }
caption { text-align: left; color: var(--faint); font-size: .85rem; padding: 0 0 .35rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); }
thead td { border-top: 0; }
thead th { border-top: 0; color: var(--faint); font-weight: 600; font-size: .85rem; white-space: nowrap; }
tbody th { font-weight: 400; }
tr > :last-child { padding-right: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; width: 2.6rem; color: var(--faint); }
del, ins { display: inline-block; min-width: 0; max-width: 100%; }
.changes td { min-width: 11rem; }
tr.group th { border-top-width: 2px; font-weight: 650; }
.indented { padding-left: 1.1rem; }
ins, del {
  text-decoration: none; border-radius: .2rem; padding: .05rem .25rem;
  box-decoration-break: clone; -webkit-box-decoration-break: clone;
}
del { background: var(--danger-soft); color: var(--danger); } ins { background: var(--good-soft); color: var(--good); }
section.part { border-top: 1px solid var(--line); margin-top: 2.25rem; }
section.part h2 { margin-top: 1.1rem; }
.typed {
  display: block; background: var(--soft); border: 1px solid var(--line); border-radius: .4rem;
  padding: .55rem .8rem; margin: .3rem 0 1rem;
}
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.1rem; margin: .75rem 0; font-size: .94rem; }
dt { color: var(--faint); } dd { margin: 0; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--faint); }
footer dl { font-size: .85rem; }
@media (max-width: 40rem) {
  body { padding: 1.1rem .9rem 2rem; }
  h1 { font-size: 1.25rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, caption, tbody, tr, tbody th, td { display: block; border: 0; padding: 0; }
  tr { border-top: 1px solid var(--line); padding: .5rem 0; }
  td:empty { display: none; }
  td[data-label]:not([data-label=""])::before { content: attr(data-label) ": "; color: var(--faint); }
  .number { float: left; width: auto; margin-right: .6rem; }
  tr.group { padding-bottom: 0; }
  .changes td { margin-top: .25rem; } .changes .indented { padding-left: 0; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #ffffff; --text: #000000; --faint: #444444; --line: #999999; --soft: #ffffff;
    --good: #0b5226; --good-soft: #ffffff; --warning: #5f3b00; --warning-soft: #ffffff; --danger: #8f1620; --danger-soft: #ffffff;
  }
  @page { margin: 16mm 14mm; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2, h3, caption { break-after: avoid; }
  tr, .risk li, .typed { break-inside: avoid; }
  thead { display: table-header-group; }
  .wide { overflow: visible; }
  del { text-decoration: line-through; }
  section.part { break-inside: auto; }
}
"""

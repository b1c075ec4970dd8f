"""What a person or a program reads: the plan, the run, the problems, the state; one event stream, several renderers.

In -> Out: model values, journal views and events -> text and documents.
Neighbours: called by `cli`; calls `model` and `journal` views. Renderers arrange; they compute no facts and do no I/O.

`untrusted` is the one output boundary for text that came from elsewhere. `page` lays out and paints lines; one module per subject
(`*_text`) renders it as text. `document` is a report as a value: one module per subject (`*_document`) fills it, `markdown` and
`html` write it. `findings` is what machines point at, written by `sarif`, `annotations` and `code_quality`; `junit` and `json` stand
for themselves. `formats` is the table of who writes what.

Effects: none.
"""

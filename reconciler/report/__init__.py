"""What a person or a program reads: the plan, the run, the problems, the state; one event stream, several renderers.

In -> Out: model values, journal views and events -> text or JSON documents.
Neighbours: called by `cli`; calls `model` and `journal` views. Renderers arrange; they compute no facts and do no I/O.

`untrusted` is the one output boundary for text that came from elsewhere. `page` lays out and paints lines. One module
per subject renders it as text; `json` renders all subjects for machines.

Effects: none.
"""

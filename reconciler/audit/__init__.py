"""The journal as an auditor reads it: the runs of a target as a population, what is exceptional about them, and who has looked.

In -> Out: events of the journal -> an `Account`; an account -> `Flag`s, a `Population`, a `Told` run.
Neighbours: fed by `flow`, written by `report`.

Effects: none.
"""

from __future__ import annotations

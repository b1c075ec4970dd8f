"""Planning: a pure function from desired, live and what the journal recorded to one `Plan`.

    identity   which live row an address stands for
    known      what the journal knows of these rows, whatever their addresses were then
    goal       desired attributes on top of live ones, decoded by declared type
    diff       typed equality first, then deepdiff for the paths
    steps      the table of (active before, active after) x what changes -> ordered steps
    order      the order of units
    guard      hazards and limits
    simulate   the plan played on the live snapshot must give the desired one
    plan       all of the above, put together
    codec      a plan as canonical bytes, and back

Effects: none.
"""

from reconciler.plan.plan import Policy, make_plan

__all__ = ["Policy", "make_plan"]

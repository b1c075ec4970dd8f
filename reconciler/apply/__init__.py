"""Run a plan: every write is a guarded `ensure`, every failure rolls its unit back, every claim is proved by a read.

    run        the loop over units, and what happens when one fails
    preflight  everything that is checked before the first write
    unit       what runs one unit forward: connections and connectors
    rollback   the way back to what was observed
    ensure     one guarded write
    rows       pure functions on live rows: the candidate, what holds, what a rollback restores
    exits      the exit code, computed from the ends of the units
    recover    settle and close runs that ended unfinished

Effects: writes the target and the journal through the ports that are handed in.
"""

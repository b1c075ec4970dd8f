"""The durable account of every run on a target: write-ahead log and audit trail in one, with the lease beside it.

    events       the kinds of events, and the event itself                                 pure
    transitions  what may follow what within a run: a table, checked on every append       pure
    chain        canonical bytes, hashes, and where a chain breaks                         pure
    fold         events -> what the planner needs (`Recorded`), and runs in one line       pure
    view         events of one run -> what `show` and `recover` need (`RunView`)           pure
    store        the append-only store; it stands on `statements` and a `database`: `sqlite_file` or `postgres`
    lease        the time-limited right to write to a target, in the same store
    transfer     a whole journal as lines, and back
    sealing      fingerprints and encrypted values under the target's key
    planfile     plan.json, written whole and read once

Nothing is imported here, so that asking for one of them loads only that one.

Effects: none.
"""

"""The laboratory: the promise proved by exhaustion. `python -m tests.verification --help` runs it; `make verify` all of it."""

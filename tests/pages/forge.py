"""`python -m tests.pages.forge`: the scripted forge for pages whose commands need one; it prints its address and serves until it is ended."""

from __future__ import annotations

import sys
import threading

from tests.forge.scripted import ScriptedForge

if __name__ == "__main__":
    with ScriptedForge() as forge:
        sys.stdout.write(f"{forge.url}\n")
        sys.stdout.flush()
        threading.Event().wait()

"""What a layer of its own says of one of its cases, in the shape of `campaign.perform`."""

from __future__ import annotations

from typing import Any

__all__ = ["Results", "outcome"]

Results = list[dict[str, Any]]


def outcome(layer: str, case: str, violations: list[str], **figures: int) -> dict[str, Any]:
    """A result that is counted and has no exit code of its own."""
    return {
        "case": f"{layer}: {case}", "layer": layer, "cells": [], "hit": True, "operation": "", "code": None, "ends": [], "after": [],
        "violations": violations, "figures": figures,
    }  # fmt: skip

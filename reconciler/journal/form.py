"""What an event has to look like, whoever wrote it: as the journal's schema has it, and so that a store and its readers can take it.

An append is made by this tool, so that its table asks only for what matters to the promise. What comes from a file was made by
anybody: a member of another sort would be stored for good, and end the commands that meet it later.

In -> Out: an event as JSON has it -> what is wrong with it, as a sentence.
Effects: reads disk (the schema, once).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from reconciler.journal.events import Kind
from reconciler.plan.codec import FORMAT as PLAN_FORMAT
from reconciler.plan.codec import from_json
from reconciler.schemas import schema

__all__ = ["fault"]

_DEEPEST: Final = 100
"""Levels of a body; ours have a dozen, and a reader gives up at some hundreds."""
_MOST_FENCING: Final = 2**30
"""Leases of a target; the store's column ends at 2**31, and every lease after the import counts on from here."""
_MOST: Final = 2**63
_FREE: Final = frozenset({"plan", "policy", "controls", "observed", "sets"})
"""What stands there is as the files and the tenant have it, numbers of any size included."""


def fault(row: Any) -> str:
    """What is wrong with an event, as a sentence without any value of it; empty where nothing is.

    Whether it may stand where it stands, and whether it matches its hash, is for `transitions` and `chain`.
    """
    deep = _too_deep(row)
    if deep:
        return deep
    place, bodies = _validators()
    found = next(place.iter_errors(row), None)
    if found is None:
        found = next(bodies[row["kind"]].iter_errors(row["body"]), None)
        where = "body"
    else:
        where = ""
    if found is not None:
        return _sentence(found, where)
    return next(_beyond_the_schema(row), "")


@cache
def _validators() -> tuple[Any, Mapping[str, Any]]:
    """For an event without its body, and for the body of each kind."""
    from jsonschema import Draft202012Validator, validators

    # To JSON Schema 1.0 is an integer as well; the canonical text, and what reads it, tell the two apart.
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _checker, value: type(value) is int)
    extend: Any = validators.extend
    validator = extend(Draft202012Validator, type_checker=types)
    whole = schema("journal")
    place = {key: value for key, value in whole.items() if key != "allOf"}
    return validator(place), {kind.value: validator({"$ref": f"#/$defs/{kind}", "$defs": whole["$defs"]}) for kind in Kind}


def _sentence(error: Any, where: str) -> str:
    path = ".".join(str(part) for part in ([where] if where else []) + list(error.absolute_path)) or "The event"
    match error.validator:
        case "type":
            sorts = error.validator_value
            return f"{path} is of another sort than {sorts if isinstance(sorts, str) else ' or '.join(sorts)}."
        case "required":
            return f"{path} lacks {', '.join(name for name in error.validator_value if name not in error.instance)}."
        case "enum":
            return f"{path} is none of the values that may stand there."
        case _:
            return f"{path} does not have its form."


def _too_deep(row: Any) -> str:
    below: list[Any] = [row]
    for _level in range(_DEEPEST):
        below = [part for one in below for part in _parts(one)]
        if not below:
            return ""
    return f"It is nested more than {_DEEPEST} levels deep."


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _beyond_the_schema(row: Mapping[str, Any]) -> Iterator[str]:
    """What no schema of ours says, of an event that fits it."""
    body = row["body"]
    yield from (f"{name} holds a character that a store cannot keep." for name in ("target", "run") if not _storable(row[name]))
    if not _is_time(row["at"]):
        yield "at is no time."
    if not 0 <= body.get("fencing", 0) <= _MOST_FENCING:
        yield f"body.fencing is not between 0 and {_MOST_FENCING}."
    if not _finite(body):
        yield "It holds a number that is not finite."
    if not _in_range({name: value for name, value in body.items() if name not in _FREE}):
        yield "It holds a number that is too large."
    if row["kind"] == Kind.RUN_OPENED and not _is_plan(body["plan"]):
        yield "body.plan is no plan."
    if not isinstance((body.get("actor") or {}).get("identity") or {}, Mapping):
        yield "body.actor.identity is of another sort than object."


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _finite(value: Any) -> bool:
    return math.isfinite(value) if type(value) is float else all(_finite(part) for part in _parts(value))


def _in_range(value: Any) -> bool:
    if type(value) in (int, float):
        return bool(-_MOST <= value < _MOST)
    return all(_in_range(part) for part in _parts(value))


def _is_plan(plan: Mapping[str, Any]) -> bool:
    """Whether readers can take it apart; of one in another format they look at its units and hazards, if at all."""
    if plan.get("format") != PLAN_FORMAT:
        listed = [plan.get(name) or [] for name in ("units", "hazards")]
        return all(isinstance(one, list) and all(isinstance(each, Mapping) for each in one) for one in listed)
    try:
        from_json(plan)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return False
    return True

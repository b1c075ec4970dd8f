"""A saved plan is exactly what was written, or it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import StalePlan
from reconciler.model import Plan
from reconciler.plan.codec import canonical, digest_of, from_bytes, plan_digest, to_bytes
from tests.plan.cases import CASES, Case


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """One with a connector, a connection, hazards, secrets and things that were not checked."""
    folder = tmp_path_factory.mktemp("plan")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        case = Case(CASES / "create")
        with case.staged(folder) as stage:
            return case.planned(stage)


def refused(raw: bytes) -> StalePlan:
    with pytest.raises(StalePlan) as error:
        from_bytes(raw)
    assert error.value.exit_code == 4
    return error.value


@pytest.mark.slow
def test_every_single_byte_counts(plan: Plan) -> None:
    """Here of a plan without its largest unit; of any plan, see the property."""
    small = replace(plan, units=plan.units[:1])
    raw = to_bytes(replace(small, digest=plan_digest(small)))
    assert from_bytes(raw).units
    for at, byte in enumerate(raw):
        refused(raw[:at] + bytes([byte ^ 1]) + raw[at + 1 :])


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\n", b"{}", b"[]", b"null", b"1", b'"text"', b"{", b"\xff\xfe", b"\x00" * 100, b"[" * 5000, b'{"format": 1e999}', b"NaN",
        b'{"format":"reconciler/plan/v1"}', b'{"format":"reconciler/plan/v2"}', b"%PDF-1.7", b"apiVersion: v1\n",
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(raw: bytes) -> None:
    assert refused(raw).hint


def forged(change: Callable[[dict[str, Any]], object]) -> Callable[[Plan], bytes]:
    """A plan that somebody changed, with the plan's digest made to fit."""

    def make(plan: Plan) -> bytes:
        body = json.loads(to_bytes(plan))
        change(body)
        body["digest"] = ""
        body["digest"] = digest_of(body)
        return canonical(body) + b"\n"

    return make


FORGED = {
    "a unit": forged(lambda body: body["units"][0].update(sets={"name": "Other", "url": "https://evil.example.com"})),
    "a step": forged(lambda body: body["units"][1]["steps"].pop(0)),
    "a secret": forged(lambda body: body["units"][1]["secrets"].clear()),
    "a unit's digest": forged(lambda body: body["units"][0].update(digest="0" * 64)),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_unit_does_not_match_its_own_digest(plan: Plan, what: str) -> None:
    assert refused(FORGED[what](plan)).summary == "The plan was altered"


REWRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "indented": lambda raw: json.dumps(json.loads(raw), indent=2).encode(),
    "reordered": lambda raw: json.dumps(dict(reversed(json.loads(raw).items())), separators=(",", ":")).encode() + b"\n",
    "without its newline": lambda raw: raw[:-1],
    "with a blank at the end": lambda raw: raw + b" ",
    "with Windows line ends": lambda raw: raw.replace(b"\n", b"\r\n"),
    "with a byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "as UTF-16": lambda raw: raw.decode().encode("utf-16"),
    "with a key twice": lambda raw: raw.replace(b'"created":', b'"created":"x","created":', 1),
    "with a key more": lambda raw: raw.replace(b'"bindings"', b'"b":1,"bindings"', 1),
}


@pytest.mark.parametrize("how", REWRITTEN)
def test_the_same_content_in_another_spelling_is_refused(plan: Plan, how: str) -> None:
    """What was approved are these bytes."""
    raw = to_bytes(plan)
    written = REWRITTEN[how](raw)
    assert written != raw
    refused(written)


def test_the_digest_that_people_compare_is_over_all_of_it(plan: Plan) -> None:
    body = json.loads(to_bytes(plan))
    assert plan.digest == body["digest"] == digest_of({**body, "digest": ""})


def test_no_value_of_a_secret_is_in_a_plan(plan: Plan, tmp_path: Path) -> None:
    raw = to_bytes(plan)
    assert b"winter-2026" not in raw
    assert b"env:VISMA_PASSWORD" in raw

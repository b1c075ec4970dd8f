"""After the merge the plan is fetched out of what the pipelines of the change kept: the very plan that the comment names, or none."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import pytest

from reconciler.errors import CheckFailed, RefusedError, TargetError
from reconciler.flow import comment, fetch_plan
from reconciler.forge.archive import member_of
from reconciler.model import Plan
from reconciler.plan.codec import plan_digest, to_bytes
from tests.forge.scripted import HEAD, MERGED, TOKEN, ScriptedForge
from tests.forge.test_forges import environ_of

EMPTY = Plan(
    tool_version="0.1.0",
    target="prod",
    created="2026-01-01T00:00:00Z",
    expires="2026-01-02T00:00:00Z",
    units=(),
    hazards=(),
    permissions=(),
    bindings={},
    unchanged=(),
    unmanaged=(),
    not_checked=(),
    live_connections=0,
    desired_digest="",
    live_digest="",
    target_digest="",
)


def numbered(number: int) -> Plan:
    """One of several sound plans."""
    plan = replace(EMPTY, live_connections=number)
    return replace(plan, digest=plan_digest(plan))


@pytest.fixture(name="forge")
def a_forge() -> Iterator[ScriptedForge]:
    with ScriptedForge() as forge:
        yield forge


@pytest.fixture(name="kind", params=["github", "gitlab"])
def a_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def commented(forge: ScriptedForge, kind: str) -> dict[str, str]:
    """A change whose comment names the second of three plans."""
    digest = numbered(2).digest
    comment(environ_of(kind, forge), f"plan\n{digest}", key="plan/prod", digest=digest)
    merged = {"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": MERGED} if kind == "github" else {}
    return environ_of(kind, forge, **merged)


def test_of_what_was_kept_the_plan_of_the_comment_is_taken(forge: ScriptedForge, kind: str) -> None:
    for number in (1, 2, 3):
        forge.keep(f"plan-prod-{HEAD}", {"plan.json": to_bytes(numbered(number))})
    forge.keep(f"plan-prod-{HEAD}", {"plan.json": to_bytes(numbered(2)).replace(b'"target":"prod"', b'"target":"evil"')})
    forge.keep(f"plan-prod-{HEAD}", {"other.txt": b"x"})
    found = fetch_plan(commented(forge, kind), "prod", "plan.json")
    assert (found.change, found.digest, found.raw) == (7, numbered(2).digest, to_bytes(numbered(2)))


def test_nothing_is_taken_where_nothing_is_that_plan(forge: ScriptedForge, kind: str) -> None:
    forge.keep(f"plan-prod-{HEAD}", {"plan.json": to_bytes(numbered(3))})
    forge.keep(f"plan-prod-{HEAD}", {"plan.json": b"not a plan"})
    with pytest.raises(CheckFailed, match="kept the plan"):
        fetch_plan(commented(forge, kind), "prod", "plan.json")
    with pytest.raises(CheckFailed, match="no comment of ours"):
        fetch_plan(environ_of(kind, forge), "sandbox", "plan.json")


def test_the_token_does_not_go_along_to_the_store(forge: ScriptedForge, kind: str) -> None:
    with ScriptedForge() as store:
        forge.store = store.url
        for holder in (forge, store):
            holder.keep(f"plan-prod-{HEAD}", {"plan.json": to_bytes(numbered(2))})
        assert fetch_plan(commented(forge, kind), "prod", "plan.json").raw == to_bytes(numbered(2))
        assert [path for _, path in store.log] != []
        assert store.tokens == {""}


@pytest.mark.parametrize("store", ["http://store.example.com", "ftp://127.0.0.1", "//store.example.com"])
def test_a_store_that_is_not_reached_safely_is_not_asked(forge: ScriptedForge, store: str) -> None:
    forge.store = store
    forge.keep(f"plan-prod-{HEAD}", {"plan.json": to_bytes(numbered(2))})
    with pytest.raises(TargetError, match="not an https address") as caught:
        fetch_plan(commented(forge, "github"), "prod", "plan.json")
    assert TOKEN not in str(caught.value)


def test_a_store_that_sends_us_on_is_not_followed(forge: ScriptedForge) -> None:
    with ScriptedForge() as store:
        forge.store = store.url
        forge.keep(f"plan-prod-{HEAD}", {"plan.json": to_bytes(numbered(2))})
        store.mishaps = [(302, b"", {"Location": f"{forge.url}/stored/0.zip"})]
        with pytest.raises(TargetError, match="302"):
            fetch_plan(commented(forge, "github"), "prod", "plan.json")
        assert len(store.log) == 1


def test_which_plan_it_is_can_be_asked_on_every_forge(forge: ScriptedForge) -> None:
    environ = commented(forge, "azure")
    assert fetch_plan(environ, "prod", "plan.json", which=True).digest == numbered(2).digest
    with pytest.raises(RefusedError, match="DownloadPipelineArtifact"):
        fetch_plan(environ, "prod", "plan.json")


def test_an_archive_gives_the_one_file_or_nothing() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("plan.json", b"plan")
        archive.writestr("../plan.json", b"outside")
        archive.writestr("bomb", bytes(65 * 1024 * 1024))
    whole = made.getvalue()
    assert member_of(whole, "plan.json") == b"plan"
    assert [member_of(octets, name) for octets, name in ((whole, "bomb"), (whole, "missing"), (b"", "x"), (whole[:50], "plan.json"))] == [
        b""
    ] * 4
    assert len({member_of(whole[:cut], "plan.json") for cut in range(0, len(whole), 997)} | {b""}) == 1

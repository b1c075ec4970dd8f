"""Comments and verdicts on each of the three forges, over real HTTP to a scripted one."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from reconciler.errors import CheckFailed, InputError, RefusedError, TargetError, UsageProblem
from reconciler.flow import comment, verified_approval
from tests.forge.scripted import HEAD, MERGED, TOKEN, ScriptedForge

DIGEST, OTHER = "ab" * 32, "cd" * 32
KINDS = ("github", "gitlab", "azure")


def environ_of(kind: str, forge: ScriptedForge, **more: str) -> dict[str, str]:
    """What the forge's runner sets."""
    return {
        "github": {"GITHUB_REPOSITORY": "acme/erp", "GITHUB_API_URL": forge.url, "GITHUB_REF": "refs/pull/7/merge", "GITHUB_TOKEN": TOKEN},
        "gitlab": {"CI_PROJECT_ID": "42", "CI_API_V4_URL": forge.url, "CI_MERGE_REQUEST_IID": "7", "GITLAB_TOKEN": TOKEN},
        "azure": {
            "SYSTEM_COLLECTIONURI": f"{forge.url}/",
            "SYSTEM_TEAMPROJECTID": "proj",
            "BUILD_REPOSITORY_ID": "repo",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
            "SYSTEM_ACCESSTOKEN": TOKEN,
        },
    }[kind] | more


@pytest.fixture(name="forge")
def a_forge() -> Iterator[ScriptedForge]:
    with ScriptedForge() as forge:
        yield forge


@pytest.fixture(name="kind", params=KINDS)
def a_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# ---- the comment --------------------------------------------------------------------------------------------------------


def test_the_first_run_writes_one_comment_and_the_next_one_updates_it(forge: ScriptedForge, kind: str) -> None:
    environ = environ_of(kind, forge)
    assert getattr(comment(environ, "one change", key="plan/prod"), "done", "") == "created"
    assert getattr(comment(environ, "two changes", key="plan/prod"), "done", "") == "updated"
    assert [one.body for one in forge.comments] == ["<!-- reconciler:plan/prod -->\ntwo changes\n"]


def test_the_same_text_is_not_written_again(forge: ScriptedForge, kind: str) -> None:
    environ = environ_of(kind, forge)
    comment(environ, "no change", key="plan/prod")
    before = len([one for one in forge.log if one[0] != "GET"])
    assert getattr(comment(environ, "no change", key="plan/prod"), "done", "") == "unchanged"
    assert len([one for one in forge.log if one[0] != "GET"]) == before


def test_the_comment_is_found_behind_several_pages_of_others(forge: ScriptedForge, kind: str) -> None:
    for number in range(230):
        forge.say("anna", f"remark {number}")
    environ = environ_of(kind, forge)
    comment(environ, "first", key="plan/prod")
    for number in range(120):
        forge.say("bo", f"reply {number}")
    comment(environ, "second", key="plan/prod")
    assert [one.body.splitlines()[1] for one in forge.comments if one.author == forge.bot] == ["second"]


def test_a_marker_in_somebody_elses_comment_is_not_ours(forge: ScriptedForge, kind: str) -> None:
    forge.say("mallory", "<!-- reconciler:plan/prod -->\nAll is well.")
    assert getattr(comment(environ_of(kind, forge), "the plan", key="plan/prod"), "done", "") == "created"
    assert forge.comments[0].body.endswith("All is well.")


def test_two_targets_have_two_comments(forge: ScriptedForge, kind: str) -> None:
    environ = environ_of(kind, forge)
    for key in ("plan/prod", "plan/prod-2", "plan/prod"):
        comment(environ, f"of {key}", key=key)
    assert [one.body.splitlines()[1] for one in forge.comments] == ["of plan/prod", "of plan/prod-2"]


def test_nothing_is_written_where_only_an_old_comment_would_be_corrected(forge: ScriptedForge, kind: str) -> None:
    assert comment(environ_of(kind, forge), "no changes", key="plan/prod", only_update=True) is None
    assert forge.comments == []


def test_a_text_that_no_comment_can_hold_is_refused_before_anything_is_sent(forge: ScriptedForge, kind: str) -> None:
    with pytest.raises(InputError):
        comment(environ_of(kind, forge), "x" * 65_536, key="plan/prod")
    assert [one for one in forge.log if one[0] != "GET"] == []


@pytest.mark.parametrize("key", ["", "a b", "--> <script>", "-x", "x" * 101])
def test_a_key_that_could_break_out_of_the_marker_is_refused(forge: ScriptedForge, key: str) -> None:
    with pytest.raises(UsageProblem):
        comment(environ_of("github", forge), "text", key=key)


# ---- what a forge may answer --------------------------------------------------------------------------------------------


def test_a_redirect_is_not_followed_so_the_token_stays_here(forge: ScriptedForge, kind: str) -> None:
    with ScriptedForge() as elsewhere:
        forge.mishaps = [(307, b"", {"Location": f"{elsewhere.url}/repos/acme/erp/issues/7/comments"})] * 3
        with pytest.raises(TargetError):
            comment(environ_of(kind, forge), "text", key="plan/prod")
        assert elsewhere.log == []


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, b'{"message": "Bad credentials"}'), (403, b"{}"), (404, b""), (200, b"<html>"), (200, b'{"not": "a list"}')],
    ids=["401", "403", "404", "a page", "no list"],
)
def test_an_answer_that_is_none_is_an_error_without_the_token(forge: ScriptedForge, status: int, body: bytes) -> None:
    forge.mishaps = [(status, body, {})]
    with pytest.raises(TargetError) as caught:
        comment(environ_of("github", forge), "text", key="plan/prod")
    assert TOKEN not in f"{caught.value} {caught.value.hint}"
    assert forge.comments == []


def test_a_read_is_repeated_after_a_bad_moment_and_a_write_is_not(forge: ScriptedForge) -> None:
    forge.mishaps = [(502, b"", {})]
    comment(environ_of("github", forge), "text", key="plan/prod")
    assert len(forge.comments) == 1
    forge.log.clear()
    forge.mishaps = []
    answers = iter([forge.respond("GET", "/repos/acme/erp/issues/7/comments?per_page=100&page=1", {}, None), (502, b"", {})])
    forge.mishaps = list(answers)
    forge.log.clear()
    with pytest.raises(TargetError):
        comment(environ_of("github", forge), "another text", key="plan/prod")
    assert [method for method, _ in forge.log] == ["GET", "PATCH"]


def test_the_token_goes_only_to_https_or_this_machine() -> None:
    with pytest.raises(TargetError, match="not an https address"):
        comment(
            {"GITHUB_REPOSITORY": "a/b", "GITHUB_API_URL": "http://forge.example.com", "GITHUB_TOKEN": TOKEN}, "text", key="k", number=7
        )


def test_each_forge_gets_its_own_kind_of_authentication(forge: ScriptedForge, kind: str) -> None:
    comment(environ_of(kind, forge), "text", key="plan/prod")
    basic = base64.b64encode(f":{TOKEN}".encode()).decode()
    assert forge.tokens == {{"github": f"Bearer {TOKEN}", "gitlab": TOKEN, "azure": f"Basic {basic}"}[kind]}


def test_outside_a_pipeline_and_without_a_token_the_way_out_is_said(forge: ScriptedForge) -> None:
    with pytest.raises(RefusedError, match="GITHUB_REPOSITORY"):
        comment({}, "text", key="plan/prod")
    environ = environ_of("github", forge)
    del environ["GITHUB_TOKEN"]
    with pytest.raises(RefusedError, match="GITHUB_TOKEN is not set"):
        comment(environ, "text", key="plan/prod")


# ---- approvals ----------------------------------------------------------------------------------------------------------


def planned(forge: ScriptedForge, kind: str, **more: str) -> dict[str, str]:
    """A change whose plan comment names the digest."""
    environ = environ_of(kind, forge, **more)
    comment(environ, f"plan\n{DIGEST}", key="plan/prod", digest=DIGEST)
    return environ


def test_somebody_elses_approval_of_this_plan_counts(forge: ScriptedForge, kind: str) -> None:
    environ = planned(forge, kind)
    forge.review("bo")
    approval = verified_approval(environ, DIGEST, key="plan/prod")
    assert (approval.reviewer, approval.digest, approval.change, approval.commit) == ("bo", DIGEST, 7, HEAD)
    assert approval.as_json()["verified"] is True


def test_after_the_merge_the_change_is_found_by_its_commit(forge: ScriptedForge) -> None:
    planned(forge, "github")
    forge.review("bo")
    environ = environ_of("github", forge, GITHUB_REF="refs/heads/main", GITHUB_SHA=MERGED)
    approval = verified_approval(environ, DIGEST, key="plan/prod")
    assert (approval.change, approval.commit) == (7, HEAD)  # squashed: what was approved is not what runs here, and the plan is the same
    with pytest.raises(TargetError, match="no pull requests brought commit"):
        verified_approval({**environ, "GITHUB_SHA": "0" * 40}, DIGEST, key="plan/prod")


def test_the_authors_own_approval_does_not_count_however_it_is_spelled(forge: ScriptedForge, kind: str) -> None:
    environ = planned(forge, kind)
    forge.review("Anna")
    with pytest.raises(CheckFailed, match="author's own"):
        verified_approval(environ, DIGEST, key="plan/prod")


def test_whoever_wrote_a_commit_of_the_change_does_not_approve_it(forge: ScriptedForge) -> None:
    """Bo pushes to Anna's branch and approves that; commits of the page's own committer are nobody's."""
    forge.writers = (*(f"writer-{number}" for number in range(120)), "Bo")
    environ = planned(forge, "github")
    forge.review("bo")
    with pytest.raises(CheckFailed, match="it is of somebody who wrote commits of the change"):
        verified_approval(environ, DIGEST, key="plan/prod")
    forge.review("cai")
    assert "Bo" in verified_approval(environ, DIGEST, key="plan/prod").writers


def test_the_executors_approval_does_not_count(forge: ScriptedForge) -> None:
    environ = planned(forge, "github", GITHUB_ACTOR="bo")
    forge.review("Bo")
    with pytest.raises(CheckFailed, match="who runs this"):
        verified_approval(environ, DIGEST, key="plan/prod")


def test_an_approval_of_an_older_commit_does_not_count(forge: ScriptedForge) -> None:
    environ = planned(forge, "github")
    forge.review("bo", commit="0" * 40)
    with pytest.raises(CheckFailed, match="of commit 000000000000"):
        verified_approval(environ, DIGEST, key="plan/prod")


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_an_approval_from_before_the_plan_does_not_count(forge: ScriptedForge, kind: str) -> None:
    forge.review("bo")
    environ = planned(forge, kind)
    with pytest.raises(CheckFailed, match="the plan was made after it"):
        verified_approval(environ, DIGEST, key="plan/prod")


def test_an_approval_that_was_taken_back_does_not_count_and_a_remark_takes_nothing_back(forge: ScriptedForge) -> None:
    environ = planned(forge, "github")
    forge.review("bo")
    forge.review("bo", "COMMENTED")
    assert verified_approval(environ, DIGEST, key="plan/prod").reviewer == "bo"
    forge.review("bo", "CHANGES_REQUESTED")
    with pytest.raises(CheckFailed, match="Nobody has approved it"):
        verified_approval(environ, DIGEST, key="plan/prod")


def test_another_plan_than_the_approved_one_is_refused(forge: ScriptedForge, kind: str) -> None:
    environ = planned(forge, kind)
    forge.review("bo")
    with pytest.raises(CheckFailed, match="does not name the digest"):
        verified_approval(environ, OTHER, key="plan/prod")


def test_a_digest_in_somebody_elses_comment_proves_nothing(forge: ScriptedForge, kind: str) -> None:
    forge.say("mallory", f"<!-- reconciler:plan/prod -->\n<!-- reconciler-digest:{DIGEST} -->\n{DIGEST}")
    forge.review("bo")
    with pytest.raises(CheckFailed, match="does not name the digest"):
        verified_approval(environ_of(kind, forge), DIGEST, key="plan/prod")


def test_an_edited_plan_comment_makes_older_approvals_worthless(forge: ScriptedForge) -> None:
    """Whoever may write can edit a comment; the forge then says that it is newer than the approval."""
    environ = planned(forge, "github")
    forge.review("bo")
    forge.comments[0].body, forge.comments[0].at = f"<!-- reconciler:plan/prod -->\n<!-- reconciler-digest:{OTHER} -->", forge.now()
    with pytest.raises(CheckFailed, match="the plan was made after it"):
        verified_approval(environ, OTHER, key="plan/prod")


@pytest.mark.parametrize(
    "body",
    [
        f"<!-- reconciler:plan/prod -->\n{DIGEST}",
        f"<!-- reconciler:plan/prod -->\n\n<!-- reconciler-digest:{DIGEST} -->",
        f"<!-- reconciler:plan/prod -->\n<!-- reconciler-digest:{OTHER} -->\n<!-- reconciler-digest:{DIGEST} -->",
        f"<!-- reconciler:plan/prod -->\n<!-- reconciler-digest:{DIGEST[:12]} -->",
        f"<!-- reconciler:plan/prod -->\n<!-- reconciler-digest:{DIGEST} --> {OTHER}",
    ],
)
def test_only_the_second_line_says_of_which_plan_a_comment_is(forge: ScriptedForge, body: str) -> None:
    """The text below it is made of what files and tenants say, and that may be any digest."""
    forge.say(forge.bot, body)
    forge.review("bo")
    with pytest.raises(CheckFailed, match="does not name the digest"):
        verified_approval(environ_of("github", forge), DIGEST, key="plan/prod")


def test_a_comment_cannot_be_said_to_be_of_a_plan_that_it_does_not_show(forge: ScriptedForge) -> None:
    with pytest.raises(UsageProblem):
        comment(environ_of("github", forge), f"plan\n{OTHER}", key="plan/prod", digest=DIGEST)
    assert forge.log == []

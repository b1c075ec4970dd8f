"""How secrets are named in each store, and which patterns cover them: checked in files, without a store."""

from pathlib import Path

import pytest

from reconciler.cli.entry import run
from reconciler.desired.allow import form_problem, is_allowed, pattern_problem, version_problem
from reconciler.model import SecretRef, Target
from tests.stores.conftest import CANARY, refusal, resolver

GOOD = {
    "azure-key-vault:erp-secrets/visma-password",
    "azure-key-vault:abc/A",
    "vault:secret/visma#password",
    "vault:team/secret/erp/visma_no.1#PASSWORD",
    "keyring:reconciler/visma",
    "keyring:my service/anna@example.com",
}
BAD = {
    "azure-key-vault:erp-secrets", "azure-key-vault:ab/x", "azure-key-vault:a--b/x", "azure-key-vault:1ab/x", "azure-key-vault:abc-/x",
    "azure-key-vault:erp.example.com/x", "azure-key-vault:erp-secrets/x/y", "azure-key-vault:erp-secrets/x_y", "azure-key-vault:evil.com%2f/x",
    "azure-key-vault:abc/", "azure-key-vault:" + "a" * 25 + "/x",
    "vault:secret#password", "vault:secret/visma", "vault:secret/visma#", "vault:/visma#p", "vault:secret//visma#p", "vault:secret/../sys#p",
    "vault:secret/./a#p", "vault:secret/a%2e#p", "vault:secret/a b#p", "vault:secret/a?version=1#p", "vault:secret/a#p/q", "vault:secret/a#p#q",
    "keyring:reconciler", "keyring:/visma", "keyring:reconciler/", "keyring:a/b/c", "keyring: a/b", "keyring:a/b\n", "keyring:a/b*",
    "nobody:has/this", "vault", "vault:", ":x",
}  # fmt: skip


@pytest.mark.parametrize("reference", sorted(GOOD))
def test_a_name_that_a_store_can_have(reference: str) -> None:
    assert form_problem(reference) is None


@pytest.mark.parametrize("reference", sorted(BAD))
def test_a_name_that_no_store_can_have_is_told_without_being_repeated(reference: str) -> None:
    expected = form_problem(reference)
    assert expected is not None
    name = reference.partition(":")[2]
    assert len(name) < 5 or name not in expected


@pytest.mark.parametrize(
    ("reference", "version", "good"),
    [
        ("azure-key-vault:abc/x", None, True),
        ("azure-key-vault:abc/x", "0123456789abcdef0123456789abcdef", True),
        ("azure-key-vault:abc/x", "3", False),
        ("azure-key-vault:abc/x", "0123456789ABCDEF0123456789ABCDEF", False),
        ("vault:secret/x#y", "12", True),
        ("vault:secret/x#y", "0", False),
        ("vault:secret/x#y", "latest", False),
        ("keyring:a/b", "anything", True),
        ("env:A", "anything", True),
    ],
)
def test_a_version_names_a_value_where_the_store_keeps_versions(reference: str, version: str | None, good: bool) -> None:
    assert (version_problem(SecretRef.parse(reference, version)) is None) is good


@pytest.mark.parametrize(
    ("pattern", "reference", "allowed"),
    [
        ("azure-key-vault:erp-secrets/", "azure-key-vault:erp-secrets/visma", True),
        ("azure-key-vault:erp-secrets/visma-*", "azure-key-vault:erp-secrets/visma-no", True),
        ("azure-key-vault:erp-secrets/visma-*", "azure-key-vault:erp-secrets/fortnox", False),
        ("azure-key-vault:erp-secrets/", "azure-key-vault:erp-secrets2/visma", False),
        ("azure-key-vault:erp-secrets/*", "vault:erp-secrets/x#y", False),
        ("vault:secret/erp/", "vault:secret/erp/visma#password", True),
        ("vault:secret/erp/", "vault:secret/erp/deep/er#password", True),
        ("vault:secret/erp/", "vault:secret/erp#password", False),
        ("vault:secret/erp/*#password", "vault:secret/erp/visma#password", True),
        ("vault:secret/erp/*#password", "vault:secret/erp/visma#token", False),
        ("vault:secret/erp/*#password", "vault:secret/erp/a/b#password", False),
        ("vault:secret/erp/v.sma#p", "vault:secret/erp/visma#p", False),
        ("keyring:reconciler/*", "keyring:reconciler/visma", True),
        ("keyring:reconciler/visma", "keyring:reconciler/visma", True),
        ("keyring:reconciler/visma", "keyring:reconciler/visma2", False),
    ],
)
def test_a_pattern_covers_part_by_part(pattern: str, reference: str, allowed: bool) -> None:
    assert pattern_problem(pattern) is None
    target = Target(name="prod", kind="onsite", directory=str(Path()), secrets=(pattern,))
    assert is_allowed(SecretRef.parse(reference), target) is allowed


@pytest.mark.parametrize(
    "pattern",
    ["vault:x", "vault:secret/erp/visma", "vault:*/erp/", "vault:/", "vault:", "vault:secret/erp/?#p", "vault:secret/[ab]#p", "vault:secret/a#",
     "azure-key-vault:*/x", "azure-key-vault:erp.example.com/", "azure-key-vault:abc/x/y", "keyring:reconciler", "keyring:*", "nobody:x/"],
)  # fmt: skip
def test_a_pattern_that_covers_nothing_or_everything_is_a_problem(pattern: str) -> None:
    assert pattern_problem(pattern) is not None


@pytest.mark.parametrize("name", ["VAULT_TOKEN", "VAULT_SECRET_ID", "AZURE_CLIENT_SECRET", "IDENTITY_HEADER", "vault_token"])
def test_what_opens_a_store_is_never_for_desired_state_whatever_the_list_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said = refusal(resolver({name: CANARY}, "env:*"), f"env:{name}")
    assert "opens a store of secrets, and desired state never gets it. Refer to the secret that is meant, in its store." in said
    (tmp_path / "targets.yaml").write_text("targets: {t: {kind: emulator, secrets: ['env:*']}}\n", encoding="utf-8")
    (tmp_path / "connections.yaml").write_text(
        "version: 1\nconnectors: {c: {name: C, url: 'https://c.example.com/x.svc'}}\nconnections:\n"
        f"  a: {{name: A, connector: c, scope: everyone, config: {{P: {{secret: env:{name}}}}}}}\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    assert run(["validate", "--target", "t"]) == 1
    shown = capfd.readouterr()
    assert f"connections.yaml:4:59: `P` refers to env:{name}, which opens a store of secrets." in " ".join((shown.out + shown.err).split())


def test_what_the_target_itself_uses_is_never_for_desired_state() -> None:
    own = SecretRef.parse("vault:secret/so#key", "3")
    target = Target(name="prod", kind="onsite", directory=".", secrets=("vault:secret/*#*",), fingerprint_key=own)
    assert is_allowed(SecretRef.parse("vault:secret/other#key"), target)
    for reference, version in (("vault:secret/so#key", None), ("vault:secret/so#key", "2"), ("vault:secret/SO#Key", None)):
        assert not is_allowed(SecretRef.parse(reference, version), target)

"""Plans in which every text that a tenant or a file could give is meant to break out of the report that shows it."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import Any

from reconciler.model import (
    Address,
    HazardName,
    JudgedPermit,
    NotChecked,
    Permit,
    PermitState,
    Plan,
    PolicyVerdict,
    RuleVerdict,
    Ruling,
    SecretRef,
    Source,
    Unit,
    UnitKind,
    Why,
)
from tests.report import samples

COUNT = 1_000 if os.environ.get("RECONCILER_HOSTILE") == "all" else 150

FRAGMENTS = (
    *("`", "``", "```", "~~~", "|", "\\|", "\\", "||", "\n", "\r\n", "\n\n", "\t", " ", "  ", "    "),
    *("@octocat", "@org/team", "#123", "GH-12", "!45", "~label", "$12", "%3", "&7", ":tada:", "user/repo#9", "$x^2$"),
    *(
        "https://evil.example/x",
        "www.evil.example",
        "evil.com",
        "customer.fields.NAME",
        "mailto:a@b.example",
        "a@b.example",
        "http://[::1]/",
        "//evil.example",
    ),
    *("[a](https://evil.example)", "![a](https://evil.example/p.png)", "[x]: https://evil.example", "<https://evil.example>", "[^1]"),
    *(
        "<script>alert(1)</script>",
        "</details>",
        "</code>",
        "<img src=x onerror=alert(1)>",
        "<!--",
        "-->",
        "</style>",
        "</title>",
        "&lt;",
        "&#0;",
    ),
    *("{{ 7*7 }}", "{% raw %}", "'", '"', "javascript:alert(1)", "<svg/onload=x>", "<plaintext>", "]]>", "<?xml?>", "<br>"),
    *(
        "# h",
        "## h",
        "> q",
        "- l",
        "+ l",
        "1. l",
        "---",
        "===",
        "***",
        "| a | b |",
        "* * *",
        "    code",
        "```diff",
        "/close",
        "/assign @me",
    ),
    *(
        "##vso[task.setvariable variable=x]y",
        "##[error]x",
        "##[section]",
        "::error::x",
        "::set-output name=a::b",
        "::add-mask::x",
        "::stop-commands::t",
    ),
    *(
        "\x1b[2J",
        "\x1b]0;t\x07",
        "\x9b31m",
        "\x00",
        "\x07",
        "\x08",
        "\x7f",
        "\x85",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\u2028",
        "\ud800",
        "\ufffe",
    ),
    *(
        "%0A::error::x",
        "%0D%0A",
        "%AZP25",
        ";",
        "]",
        "type=error",
        ",line=1",
        "__init__",
        "*b*",
        "_i_",
        "**",
        "~~s~~",
        "æøå",
        "日本",
        "العربية",
        "0012",
    ),
)
LONG = 1_000_000


def text(chance: random.Random, most: int = 5) -> str:
    return "".join(chance.choice(FRAGMENTS) for _ in range(chance.randint(1, most)))


def name(chance: random.Random, *, long: bool = False) -> str:
    if not long or chance.random() < 0.8:
        return text(chance)
    made = text(chance)
    return made * (LONG // len(made))


def key(chance: random.Random, *, long: bool = False) -> str:
    """A key of a file, which is UTF-8 and so has no lone surrogate."""
    return name(chance, long=long).replace("\ud800", "") or "k"


def value(chance: random.Random, *, long: bool = False) -> Any:
    kind = chance.randrange(8)
    if kind == 0:
        return SecretRef("env", text(chance), text(chance))
    if kind == 1:
        return {name(chance): name(chance) for _ in range(chance.randint(0, 2))}
    if kind == 2:
        return chance.choice([None, True, 0, -1, 1.5])
    return name(chance, long=long)


def unit(chance: random.Random, number: int, *, long: bool) -> Unit:
    kind = chance.choice(list(UnitKind))
    address = Address.connection(f"{key(chance, long=long)}{number}")
    changes = []
    for _ in range(chance.randint(1, 4)):
        path = chance.choice(
            [
                ("config", name(chance, long=long)),
                ("name", text(chance)),
                ("description",),
                ("actors", text(chance), "fields", name(chance, long=long), chance.choice(["crm", "direction", "show", "odd"])),
                ("actors", "customer", "fields", text(chance), "items", text(chance)),
            ]
        )
        sides = value(chance, long=long), value(chance, long=long)
        if path[-1] == "show":
            sides = (("erp-tab",), (text(chance), "search"))
        if path[-1] in ("crm", "direction") or "items" in path:
            sides = text(chance), chance.choice(["both", "none", text(chance)])
        changes.append(samples.change(address, "x", *sides, chance.choice(list(Why)), 7))
        changes[-1] = replace(changes[-1], path=path, source=Source(text(chance), chance.randint(0, 9), 3))
    made = samples.unit(address, kind, tuple(changes), active=(True, True), sets={"name": {"en": "x"}}, line=3)
    return replace(made, source=Source(name(chance), chance.randint(0, 99), chance.randint(0, 9)), before={})


def plan(seed: int) -> Plan:
    """The plan of one seed; some hold names of a megabyte."""
    chance = random.Random(seed)
    long = seed % 25 == 0
    units = tuple(unit(chance, number, long=long) for number in range(chance.randint(0, 3)))
    hazards = []
    for _ in range(chance.randint(0, 3)):
        address = chance.choice([*(one.address for one in units), Address(("target", key(chance)))])
        hazard = chance.choice(list(HazardName))
        make = samples.notice if chance.random() < 0.4 else samples.barrier
        one = make(hazard, address, f"The field {name(chance, long=long)!s} changes to {text(chance)}")
        hazards.append(replace(one, permitted=one.grade.value == "barrier" and chance.random() < 0.3))
    unseen = tuple(NotChecked(one.address, ("config", text(chance)), text(chance)) for one in units[:1])
    made = samples.plan(*units, hazards=tuple(hazards), not_checked=unseen)
    permits = tuple(permit(chance, one.name.value, one.address, long=long) for one in hazards if chance.random() < 0.7)
    policy = chance.choice([None, verdicts(chance, long=long)])
    return replace(made, target=text(chance, 2), tool_version="0.1.0", permits=permits, policy=policy)


def permit(chance: random.Random, hazard: str, address: Address, *, long: bool) -> JudgedPermit:
    place = Source(text(chance), chance.randint(0, 99), 3)
    made = Permit(hazard, address, text(chance), name(chance, long=long), text(chance), place, "d" * 64)
    state = chance.choice(list(PermitState))
    return JudgedPermit(made, state, text(chance) if state is PermitState.USED else "")


def verdicts(chance: random.Random, *, long: bool) -> PolicyVerdict:
    told = []
    for _ in range(chance.randint(0, 4)):
        ruling = chance.choice(list(Ruling))
        failure = name(chance, long=long) if ruling is Ruling.DENIED and chance.random() < 0.5 else ""
        told.append(RuleVerdict(text(chance), ruling, text(chance), name(chance, long=long), Source(text(chance), 3, 5), failure))
    return PolicyVerdict(text(chance), "e" * 64, tuple(told))

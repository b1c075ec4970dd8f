"""What an address should become: the desired values, decoded by declared type, on top of what is live.

Only what is written is managed, so the goal is the live attributes with the managed ones replaced; comparing the two
gives exactly the changes. Rules that need the connector's declaration of its fields are checked here.

In -> Out: one desired connection, its live attributes, the declared fields -> `Goal` or problems.
Effects: none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.model import (
    HIDDEN,
    Address,
    Attributes,
    DesiredConnection,
    DesiredScope,
    Marked,
    Named,
    NotChecked,
    Problem,
    Recorded,
    SecretRef,
    Source,
    Text,
    Value,
    Why,
)
from reconciler.plan.declared import Declaration
from reconciler.plan.diff import put, value_at
from reconciler.plan.nearest import did_you_mean
from reconciler.wire import languages


@dataclass(slots=True)
class Goal:
    """The attributes an address should have, and what belongs to them.

    Attributes:
        attributes: complete: managed values from the file, all others as they are live.
        existed: the address has a live row.
        managed: the paths that the file writes.
        whys: why a path differs, where the reason is not simply that desired differs from live.
        sources: where each managed path is written.
        not_checked: managed paths that cannot be compared.
        left: paths that the file writes and that are to stay as they are live.
    """

    attributes: Attributes
    existed: bool
    managed: set[tuple[str, ...]] = field(default_factory=set)
    whys: dict[tuple[str, ...], Why] = field(default_factory=dict)
    sources: dict[tuple[str, ...], Source] = field(default_factory=dict)
    not_checked: list[NotChecked] = field(default_factory=list)
    left: frozenset[tuple[str, ...]] = frozenset()

    def leave(self, paths: Iterable[tuple[str, ...]], live: Attributes | None) -> None:
        """Keep these paths as they are live, as if the file did not write them."""
        for path in paths:
            self.attributes = put(self.attributes, path, value_at(live, path))
            self.managed.discard(path)
            self.whys.pop(path, None)
            self.left |= {path}

    def written(self, top: str, text: Text) -> Text:
        """A text of the file without the languages that are left as they are."""
        if isinstance(text, str):
            return text
        return {language: one for language, one in text.items() if (top, language) not in self.left}


@dataclass(frozen=True, slots=True)
class Names:
    """User groups and logins of the tenant, for turning names into ids."""

    groups: Mapping[int, Named]
    users: Mapping[int, Named]
    language: str


def connection_goal(
    one: DesiredConnection,
    live: Attributes | None,
    declaration: Declaration,
    names: Names,
    recorded: Recorded,
    problems: list[Problem],
) -> Goal:
    """Put one desired connection on top of its live attributes (None: it is created).

    Problems found on the way are appended to `problems`; the goal is then not to be used.
    """
    before: Attributes = live or {"name": "", "description": "", "connector": "", "active": False, "scope": {}, "config": {}}
    attributes: dict[str, Value] = dict(before)
    goal = Goal(attributes, existed=live is not None)
    for name, text in (("name", one.name), ("description", one.description)):
        if text is not None:
            attributes[name] = merge_text(before[name], text.value)
            _manage(goal, (name,), text)
    if one.connector is not None:
        attributes["connector"] = str(Address.connector(one.connector.value))
        _manage(goal, ("connector",), one.connector)
    if one.active is not None:
        attributes["active"] = one.active.value
        _manage(goal, ("active",), one.active)
    if one.scope is not None:
        attributes["scope"] = _scope(one.address, one.scope, names, problems)
        _manage(goal, ("scope",), one.scope)
    config: dict[str, Value] = dict(before["config"])
    attributes["config"] = config
    for key, written in one.config.items():
        path = ("config", key)
        _manage(goal, path, written)
        problem = declaration.unknown_key(one.address, key, written.source)
        if problem is not None:
            problems.append(problem)
        elif isinstance(written.value, SecretRef):
            config[key] = _secret(goal, one.address, key, written.value, config.get(key), recorded)
        else:
            config[key] = declaration.decode(one.address, key, written, problems)
    return goal


def merge_text(live: Text, desired: Text) -> Text:
    """A mapping sets the languages it names and keeps the others; a plain string is the whole text."""
    if isinstance(desired, str):
        return desired
    kept = {} if isinstance(live, str) else dict(live)
    return {**kept, **desired}


def managed_languages(desired: Text) -> frozenset[str] | None:
    """The languages that a desired text manages; None when it is the whole text."""
    return None if isinstance(desired, str) else frozenset(desired)


def fill_declared(goal: Goal, address: Address, declaration: Declaration, problems: list[Problem], source: Source) -> None:
    """Make the goal's config exactly the keys that the connector declares, because a save sends exactly these.

    What is neither written nor live gets the declared default; a Password or a default with a template tag has to be
    written by a person. Keys that the connector no longer declares go.
    """
    config = dict(goal.attributes["config"])
    for key, value in declaration.missing_defaults(address, config, problems, source).items():
        config[key] = value
        goal.whys[("config", key)] = Why.DECLARED
    for key in declaration.not_declared(config):
        del config[key]
        goal.whys[("config", key)] = Why.NOT_DECLARED
    goal.attributes = {**goal.attributes, "config": config}


def _manage(goal: Goal, path: tuple[str, ...], written: Marked[Value]) -> None:
    goal.managed.add(path)
    goal.sources[path] = written.source


def _secret(goal: Goal, address: Address, key: str, ref: SecretRef, live: Value, recorded: Recorded) -> Value:
    """Decide whether a secret is a change: never by its value, only by reference and version against the one last sent."""
    path = ("config", key)
    sent = recorded.secrets.get((str(address), key))
    if sent is not None and not sent.in_doubt:
        if sent.ref != ref:
            goal.whys[path] = Why.REFERENCE if sent.ref.reference != ref.reference else Why.VERSION
        return ref
    if ref.version is None and sent is None and live is not None:
        goal.not_checked.append(NotChecked(address, path, "the value was never sent from here; give the secret a `version` to send it"))
        return HIDDEN
    if goal.existed:
        goal.whys[path] = Why.NEVER_SENT
    return ref


def _scope(address: Address, written: Marked[DesiredScope], names: Names, problems: list[Problem]) -> Mapping[str, Value]:
    scope = written.value
    if scope.everyone:
        return {"everyone": True}
    return {
        "everyone": False,
        "groups": _ids(address, "user group", scope.groups, names.groups, lambda row: _group_name(row, names.language), problems),
        "users": _ids(address, "login", scope.users, names.users, lambda row: row.name, problems),
    }


def _group_name(row: Named, language: str) -> str:
    parsed = languages.parse(row.name)
    if isinstance(parsed, str):
        return parsed
    return parsed.get(language) or next(iter(parsed.values()), row.name)


def _ids(
    address: Address,
    what: str,
    wanted: tuple[Marked[str], ...],
    rows: Mapping[int, Named],
    text: Callable[[Named], str],
    problems: list[Problem],
) -> Mapping[str, int]:
    names = {key: text(row) for key, row in sorted(rows.items()) if not row.deleted}
    uses = Counter(names.values())
    ids: dict[str, int] = {}
    for mark in wanted:
        found = [key for key, name in names.items() if name == mark.value] or [key for key in rows if mark.value == f"#{key}"]
        if len(found) == 1:
            # Spelt as on the live side: by name where it is the only one of that name, else by id.
            name = names.get(found[0], "")
            ids[name if name and uses[name] == 1 else f"#{found[0]}"] = found[0]
            continue
        if found:
            message = f"{len(found)} {what}s are called {mark.value!r} ({', '.join(f'#{key}' for key in found)})."
            hint = f"Write the one you mean as `#{found[0]}`."
        else:
            message = f"The tenant has no {what} {mark.value!r}."
            hint = did_you_mean(mark.value, uses)
        problems.append(Problem(f"unknown-{what.replace(' ', '-')}", message, mark.source, hint, address))
    return dict(sorted(ids.items()))

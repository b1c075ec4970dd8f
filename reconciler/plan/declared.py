"""What a connector declares about its config fields, and the rules that follow from it.

When the connector did not answer, nothing is declared and nothing can be refused: values are taken as written, and the
apply asks again before it sends anything.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from reconciler.model import Address, ConfigField, DesiredConnection, FieldType, Marked, Plain, Problem, SecretRef, Source, Value
from reconciler.plan.nearest import did_you_mean
from reconciler.wire import values

# The column that stores a config value. Source: SuperOffice docs, database table ConnectionConfigField, FieldValue.
MAX_VALUE_LENGTH = 1023


@dataclass(frozen=True, slots=True)
class Declaration:
    """The config fields of one connector; `fields` is None when it did not answer."""

    fields: tuple[ConfigField, ...] | None

    @property
    def known(self) -> bool:
        """Whether the connector answered."""
        return self.fields is not None

    def field(self, key: str) -> ConfigField | None:
        """The declaration of one key; labels carry no value and do not count."""
        return next((one for one in self.fields or () if one.key == key and one.type is not FieldType.LABEL), None)

    def keys(self) -> tuple[str, ...]:
        """Declared keys in the connector's order, labels left out."""
        return tuple(one.key for one in self.fields or () if one.type is not FieldType.LABEL)

    def password_keys(self) -> frozenset[str]:
        """Keys of Password fields."""
        return frozenset(one.key for one in self.fields or () if one.type is FieldType.PASSWORD)

    def unknown_key(self, address: Address, key: str, source: Source) -> Problem | None:
        """A problem when the connector answered and does not declare the key."""
        if self.fields is None or self.field(key) is not None:
            return None
        return Problem(
            "unknown-config-key", f"The connector declares no config field {key!r}.", source, did_you_mean(key, self.keys()), address
        )

    def decode(self, address: Address, key: str, written: Marked[Plain | SecretRef], problems: list[Problem]) -> Value:
        """The value of a plain scalar by the field's type; a problem (and the text as it stands) when it does not fit."""
        plain = written.value
        assert isinstance(plain, Plain)
        declared = self.field(key)
        if declared is None:
            return undeclared_value(plain)
        if declared.type is FieldType.PASSWORD:
            message = f"{key} is a Password field, and a password does not belong in the file in clear."
            hint = f"Write `{key}: {{secret: env:NAME_OF_A_VARIABLE}}`, and change the password that stood here."
            problems.append(Problem("secret-in-clear", message, written.source, hint, address))
            return None
        try:
            value = values.from_plain(plain.text, quoted=plain.quoted, field_type=declared.type)
        except ValueError as error:
            message = f"{key} is of type {declared.type.value}: {error}"
            problems.append(Problem("wrong-config-type", message if message.endswith(".") else f"{message}.", written.source, "", address))
            return None
        self._check_length(address, declared, value, written.source, problems)
        return value

    def _check_length(self, address: Address, declared: ConfigField, value: Value, source: Source, problems: list[Problem]) -> None:
        encoded = len(values.encode(value, declared.type))
        allowed = min(declared.max_length or MAX_VALUE_LENGTH, MAX_VALUE_LENGTH)
        limited = value if isinstance(value, str) and declared.type is FieldType.TEXT else ""
        if encoded > MAX_VALUE_LENGTH or len(limited) > allowed:
            message = f"{declared.key} may have {allowed} characters and has {max(len(limited), encoded)}."
            problems.append(Problem("too-long", message, source, "Shorten it.", address))
        if declared.mandatory and value == "":
            message = f"{declared.key} is mandatory for the connector and is empty."
            problems.append(Problem("mandatory-config", message, source, "Write a value.", address))

    def missing_defaults(
        self, address: Address, config: Mapping[str, Value], problems: list[Problem], source: Source
    ) -> Mapping[str, Value]:
        """Values for declared keys that nothing sets; a problem for each that a person has to write."""
        found: dict[str, Value] = {}
        for one in self.fields or ():
            if one.key in config or one.type is FieldType.LABEL:
                continue
            if one.type is FieldType.PASSWORD:
                problems.append(
                    _must_write(address, one.key, "is a Password field", f"{{secret: env:{env_name(address, one.key)}}}", source)
                )
            elif values.has_template_tag(one.default):
                problems.append(_must_write(address, one.key, "has a default that only SuperOffice can fill in", "...", source))
            elif one.mandatory and not one.default:
                problems.append(_must_write(address, one.key, "is mandatory and has no default", "...", source))
            else:
                found[one.key] = values.decode(one.default, one.type) if one.default else empty_value(one.type)
        return found

    def not_declared(self, config: Iterable[str]) -> tuple[str, ...]:
        """Stored keys that the connector no longer declares; empty when it did not answer."""
        if self.fields is None:
            return ()
        declared = set(self.keys())
        return tuple(key for key in config if key not in declared)


def empty_value(field_type: FieldType) -> Value:
    """What a field without a default holds.

    Source: SuperOffice docs, erp-connectors, field-meta-data-carrier: numbers that cannot be parsed become 0.
    """
    return {FieldType.CHECKBOX: False, FieldType.INTEGER: 0, FieldType.DOUBLE: 0.0}.get(field_type, "")


def undeclared_value(plain: Plain) -> Value:
    """A plain scalar when no type is known: quoted is text, otherwise what YAML 1.2 would read."""
    if plain.quoted:
        return plain.text
    for field_type in (FieldType.CHECKBOX, FieldType.INTEGER, FieldType.DOUBLE):
        try:
            return values.from_plain(plain.text, quoted=False, field_type=field_type)
        except ValueError:
            continue
    return plain.text


def without_quotes(one: DesiredConnection, *, declared: bool, late: Collection[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Paths of what stands without the quotes that a Text field would want (`yes`, `0x1F`, `2026-02-01`), while no type is known.

    A Date field takes the last of them as it is, so only the declared type decides whether the quotes are missing.

    Args:
        declared: the types of the config fields are known.
        late: (actor, field key) that exist only after a refresh.
    """
    found: list[tuple[str, ...]] = []
    for key, mark in one.config.items():
        # What is no text for us either is settled as what it is.
        if not declared and isinstance(mark.value, Plain) and isinstance(undeclared_value(mark.value), str) and _bare(mark.value):
            found.append(("config", key))
    for actor, key in late:
        field = one.actors[actor].fields.get(key)
        if field is not None and field.default is not None and field.default.value.value and _bare(field.default.value.value):
            found.append(("actors", actor, "fields", key, "default"))
    return tuple(sorted(found))


def _bare(plain: Plain) -> bool:
    try:
        values.from_plain(plain.text, quoted=plain.quoted, field_type=FieldType.TEXT)
    except ValueError:
        return True
    return False


def env_name(address: Address, key: str) -> str:
    """A variable name to suggest for a secret: `VISMA_NO_PASSWORDFIELD`."""
    return "".join(char if char.isalnum() and char.isascii() else "_" for char in f"{address.key}_{key}").upper()


def _must_write(address: Address, key: str, because: str, example: str, source: Source) -> Problem:
    message = f"A save of {address} has to send {key}, which {because}, and the file does not write it."
    return Problem("config-missing", message, source, f"Add `{key}: {example}` below `config:`.", address)

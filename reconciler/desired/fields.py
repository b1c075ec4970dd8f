"""Reads single values of a tree into the model, and reports what a schema cannot say of one value alone.

Every reader returns None where there is nothing usable; a problem then says why, here or from the schema.

Effects: none.
"""

from __future__ import annotations

from reconciler.desired.addresses import Refused, connector_host
from reconciler.desired.allow import form_problem, version_problem
from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Items, Node, Scalar, Table, show
from reconciler.desired.readings import as_bool, is_text_everywhere
from reconciler.model import Address, Marked, Plain, SecretRef, Source, Text
from reconciler.wire.languages import encoded_length, parse

# Source: SuperOffice database tables ErpConnection (DisplayName, DisplayDescription String(254)) and ConnectionConfigField
# (FieldValue String(1023)); the stored form of a text in several languages counts.
MOST_TEXT = 254
MOST_VALUE = 1023


def text(node: Node | None) -> Marked[str] | None:
    """A text on one line."""
    return Marked(node.text, node.source) if isinstance(node, Scalar) and "\n" not in node.text else None


def flag(node: Node | None) -> Marked[bool] | None:
    """`true` or `false`."""
    value = as_bool(node.text) if isinstance(node, Scalar) and node.plain else None
    return None if value is None or node is None else Marked(value, node.source)


def texts(node: Node | None) -> tuple[Marked[str], ...] | None:
    """A list of texts; None when there is no list, or something else in it."""
    if not isinstance(node, Items):
        return None
    found = [text(item) for item in node.items]
    return tuple(item for item in found if item is not None) if None not in found else None


def names(node: Node | None) -> tuple[Marked[str], ...] | None:
    """A list of names that refer to something; None when there is none. What has a problem already is left out."""
    if not isinstance(node, Items):
        return None
    usable = [
        item for item in node.items if isinstance(item, Scalar) and item.text and not (item.plain and not is_text_everywhere(item.text))
    ]
    return tuple(Marked(item.text, item.source) for item in usable)


def one_name(node: Node | None, address: Address, findings: Findings) -> Marked[str] | None:
    """The name of a connector, which is the same in every language."""
    found = text(node)
    if found is not None and len(found.value) <= MOST_TEXT:  # the schema counts characters and has reported longer ones
        _check_length(found.value, found.source, "name", address, findings)
    return found


def languages(node: Node | None, name: str, address: Address, findings: Findings) -> Marked[Text] | None:
    """A plain text, or texts by language, checked for what SuperOffice can store."""
    if isinstance(node, Scalar):
        return _plain_text(node, name, address, findings)
    if not isinstance(node, Table):
        return None
    by_language: dict[str, str] = {}
    sound = True
    for code, entry in node:
        if not isinstance(entry.value, Scalar):
            sound = False
        elif '"' in entry.value.text:
            message = f"The text for {show(code)} in {show(name)} holds a double quote; SuperOffice cannot store one inside a language."
            findings.add("quote-in-language", message, entry.value.source, "Use ” or ' instead.", address)
            sound = False
        elif "\n" in entry.value.text:
            sound = False  # reported with the schema
        else:
            by_language[code] = entry.value.text
    if sound and by_language:
        _check_length(by_language, node.source, name, address, findings)
    return Marked(by_language, node.source) if by_language else None


def url(node: Node | None, address: Address, findings: Findings) -> Marked[str] | None:
    """The URL of a connector."""
    found = text(node)
    if found is None or not found.value:
        return None
    host = connector_host(found.value)
    if isinstance(host, Refused):
        findings.add("url", host.message, found.source, host.hint, address)
        return None
    return found


def config_value(key: str, node: Node, address: Address, findings: Findings) -> Marked[Plain | SecretRef] | None:
    """The value of a config field: a plain scalar as written, or a reference to a secret."""
    if isinstance(node, Table):
        ref = secret(node, address, findings)
        return None if ref is None else Marked(ref, node.source)
    if not isinstance(node, Scalar):
        return None
    check_stored(key, node.text, MOST_VALUE, node.source, address, findings)
    return Marked(Plain(node.text, quoted=not node.plain), node.source)


def check_stored(key: str, value: str, most: int, source: Source, address: Address | None, findings: Findings) -> None:
    """Report a value that its column cannot hold, counted as the database counts it."""
    length = _utf16_length(value)
    if length > most >= len(value):  # the schema counts characters and has reported longer ones
        message = f"{show(key)} has {length} UTF-16 units; SuperOffice stores at most {most}."
        findings.add("too-long", message, source, "Write a shorter value.", address)


def secret(node: Node | None, address: Address | None, findings: Findings) -> SecretRef | None:
    """A reference of the form {secret: provider:name, version: v}."""
    reference = node.get("secret") if isinstance(node, Table) else None
    if not isinstance(node, Table) or not isinstance(reference, Scalar) or not reference.text:
        return None
    if expected := form_problem(reference.text):
        message = f"This is not a reference to a secret; expected {expected}."
        findings.add("secret-form", message, reference.source, "The value itself never stands in a file.", address)
        return None
    version = node.get("version")
    ref = SecretRef.parse(reference.text, version.text if isinstance(version, Scalar) else None)
    if isinstance(version, Scalar) and (expected := version_problem(ref)):
        message = f"This is not a version of a secret in {ref.provider}; expected {expected}."
        findings.add("secret-version", message, version.source, "Copy the version from the store.", address)
        return None
    return ref


def _plain_text(node: Scalar, name: str, address: Address, findings: Findings) -> Marked[Text] | None:
    if "\n" in node.text:
        return None  # reported with the schema
    if not isinstance(parse(node.text), str):
        message = f"{show(name)} is written in the notation in which SuperOffice stores languages."
        findings.add("language-notation", message, node.source, "Write a mapping such as {en: Customers, nb: Kunder}.", address)
        return None
    _check_length(node.text, node.source, name, address, findings)
    return Marked(node.text, node.source)


def _check_length(value: Text, source: Source, name: str, address: Address, findings: Findings) -> None:
    length = encoded_length(value)
    if length > MOST_TEXT:
        stored = "" if isinstance(value, str) else " in its stored form, with all languages,"
        message = f"{show(name)} has {length} characters{stored} of which SuperOffice stores at most {MOST_TEXT}."
        findings.add("too-long", message, source, f"Shorten it by {length - MOST_TEXT}.", address)


def _utf16_length(value: str) -> int:
    return len(value.encode("utf-16-le", "surrogatepass")) // 2

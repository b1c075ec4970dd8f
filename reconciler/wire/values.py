"""Config values: `[I:12]` <-> 12, `[DT:01/31/2026 00:00:00.0000000]` <-> "2026-01-31", by the field's declared type.

Three forms of a value: *encoded* (what travels and is stored), *decoded* (what is compared: str, int, bool, float, or a
date as ISO text) and *plain* (what a person writes in YAML). Comparison is by meaning, so `decode` also reads values that
were stored without encoding, and gives back the text itself where it cannot read one: live data never raises.

Source: SuperOffice docs, ERP connectors API, "Field value formats and conventions" and CultureDataFormatter (the
monikers; a checkbox is `[I:1]` or `[I:0]`; un-encoded values are read as best they can be).

Effects: none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from reconciler.model import FieldType

__all__ = ["ValueProblem", "decode", "encode", "from_plain", "generic_decode", "has_template_tag"]

Decoded = str | int | bool | float

_INT32: Final = range(-(2**31), 2**31)
_MONIKER: Final = re.compile(r"\[([A-Z]{1,2}):([^\[\]]*)\]")
_WHOLE_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_ISO: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?)?", re.ASCII)
_SLASHED: Final = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})(?: (\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?)?", re.ASCII)
_DOTTED: Final = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})(?: (\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?)?", re.ASCII)
_TAG: Final = re.compile(r"<[^<>]+>|\{[^{}]+\}|\[[^\[\]]+\]|%[A-Za-z_]+%")

# What a YAML 1.1 or 1.2 reader would take for something else than text, when it stands without quotes.
# Source: YAML 1.2.2 section 10.3.2 (core schema); yaml.org type repository for YAML 1.1 (bool, int, float, null, timestamp, merge, value).
_NOT_TEXT: Final = re.compile(
    r"""
      | ~ | null | Null | NULL
      | y | Y | yes | Yes | YES | n | N | no | No | NO | true | True | TRUE | false | False | FALSE | on | On | ON | off | Off | OFF
      | [-+]?0b[01_]+ | 0o[0-7]+ | [-+]?0x[0-9a-fA-F_]+
      | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?
      | [-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?
      | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
      | [0-9]{4}-[0-9][0-9]?-[0-9][0-9]?
          (?:(?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::?[0-9]{2})?))?)?
      | = | <<
    """,
    re.VERBOSE,
)


class ValueProblem(ValueError):
    """A value that does not fit the declared type. The message starts with "expected" and never holds the value."""


def decode(raw: str, field_type: FieldType) -> Decoded:
    """The meaning of a stored value; the text itself where it has none for this type."""
    if field_type in _DECODERS:
        meaning = _DECODERS[field_type](*_split(raw))
        return raw if meaning is None else meaning
    return raw


def generic_decode(raw: str) -> Decoded:
    """The meaning of a stored value whose declared type is unknown: by its moniker, otherwise the text itself."""
    moniker, body = _split(raw)
    field_type = {"I": FieldType.INTEGER, "F": FieldType.DOUBLE, "D": FieldType.DATE, "DT": FieldType.DATE}.get(moniker)
    if field_type is None:
        return raw
    meaning = _DECODERS[field_type](moniker, body)
    return raw if meaning is None else meaning


def encode(value: Decoded, field_type: FieldType) -> str:
    """The form in which a decoded value travels.

    Dates are sent as `[DT:...]` with a time, because the two documented layouts of `[D:...]` disagree.

    Raises:
        ValueProblem: the value is not of the declared type, or the field carries no input.
    """
    if field_type in (FieldType.TEXT, FieldType.PASSWORD, FieldType.LIST) and isinstance(value, str):
        return value
    if field_type is FieldType.CHECKBOX and isinstance(value, bool):
        return "[I:1]" if value else "[I:0]"
    if field_type is FieldType.INTEGER and isinstance(value, int) and not isinstance(value, bool) and value in _INT32:
        return f"[I:{value}]"
    if field_type is FieldType.DOUBLE and isinstance(value, float) and math.isfinite(value):
        return f"[F:{Decimal(repr(value)):f}]"
    if field_type is FieldType.DATE and isinstance(value, str):
        moment = _moment(_ISO.fullmatch(value), "ymd")
        if moment is not None:
            date, _, time = moment.partition("T")
            year, month, day = date.split("-")
            clock, _, fraction = (time or "00:00:00").partition(".")
            return f"[DT:{month}/{day}/{year} {clock}.{fraction:0<7}]"
    raise ValueProblem(_EXPECTED[field_type])


def from_plain(text: str, quoted: bool, field_type: FieldType) -> Decoded:
    """The meaning of what a person wrote, by the declared type.

    Args:
        text: the scalar as it stands in the file, without its quotes.
        quoted: whether it had quotes. In a text field that matters, because `0010` or `on` is text for us and something
            else for other readers of the same file; for the other types the declared type alone decides.
        field_type: what the connector declares.

    Raises:
        ValueProblem: it does not fit.
    """
    if field_type in (FieldType.TEXT, FieldType.PASSWORD, FieldType.LIST):
        if quoted or _NOT_TEXT.fullmatch(text) is None:
            return text
        raise ValueProblem(f"{_EXPECTED[field_type]}; other readers of YAML take this for another type: quote it")
    value: Decoded | None = None
    if field_type is FieldType.INTEGER and re.fullmatch(r"[+-]?(?:0|[1-9][0-9]{0,9})", text):
        value = int(text) if int(text) in _INT32 else None
    elif field_type is FieldType.CHECKBOX:
        value = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}.get(text)
    elif field_type is FieldType.DOUBLE:
        value = _number(text)
    elif field_type is FieldType.DATE and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2})?", text):
        value = _moment(_ISO.fullmatch(text), "ymd")
    if value is None:
        raise ValueProblem(_EXPECTED[field_type])
    return value


def has_template_tag(raw: str) -> bool:
    """Whether a declared default may hold a tag that SuperOffice would replace (company name, serial number).

    The documentation says that there are such tags and not how they look. So this is a guess on the safe side: anything in
    angle, curly or square brackets or between percent signs, unless it is a value that we can decode, is taken for a tag;
    a person then has to write the value in the file.

    Source: SuperOffice docs, ERP connectors API, "Field metadata carrier" (DefaultValue); which brackets: a guess.
    """
    return isinstance(generic_decode(raw), str) and not _is_encoded_date(raw) and _TAG.search(raw) is not None


_EXPECTED: Final[Mapping[FieldType, str]] = {
    FieldType.TEXT: "expected text",
    FieldType.PASSWORD: "expected text",
    FieldType.LIST: "expected the key of a list item, as text",
    FieldType.INTEGER: f"expected a whole number from {_INT32.start} to {_INT32.stop - 1}, without leading zeros",
    FieldType.CHECKBOX: "expected true or false",
    FieldType.DOUBLE: "expected a finite number with a decimal point, such as 12.5",
    FieldType.DATE: "expected a date as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS",
    FieldType.LABEL: "expected nothing: this field is a label and takes no value",
}


def _split(raw: str) -> tuple[str, str]:
    """The moniker and what follows it; an empty moniker for a plain value."""
    encoded = _MONIKER.fullmatch(raw)
    return (encoded[1], encoded[2]) if encoded else ("", raw)


def _is_encoded_date(raw: str) -> bool:
    moniker, body = _split(raw)
    return moniker in ("D", "DT") and _date(moniker, body) is not None


def _integer(moniker: str, body: str) -> int | None:
    return int(body) if moniker in ("", "I") and _WHOLE_NUMBER.fullmatch(body) else None


def _checkbox(moniker: str, body: str) -> bool | None:
    known = {"1": True, "0": False} if moniker == "I" else {"1": True, "0": False, "true": True, "false": False}
    return known.get(body.lower()) if moniker in ("", "I") else None


def _double(moniker: str, body: str) -> float | None:
    return _number(body) if moniker in ("", "F", "I") else None


def _number(text: str) -> float | None:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def _date(moniker: str, body: str) -> str | None:
    """A date by its separators: ISO, `MM/dd/yyyy`, or `dd.MM.yyyy`; the last two only behind their moniker.

    Source: SuperOffice docs show `[D:09.11.2017]` beside `[DT:11/09/2017 14:53:18]` for the same day.
    """
    if moniker not in ("", "D", "DT"):
        return None
    iso_form = _moment(_ISO.fullmatch(body), "ymd")
    if iso_form is not None or not moniker:
        return iso_form
    return _moment(_SLASHED.fullmatch(body), "mdy") or _moment(_DOTTED.fullmatch(body), "dmy")


def _moment(match: re.Match[str] | None, order: str) -> str | None:
    """ISO text of a matched date, without the time when that is midnight; None when there is no such moment."""
    if match is None:
        return None
    part = dict(zip(order, (int(text) for text in match.groups()[:3]), strict=True))
    hour, minute, second = (int(text or 0) for text in match.groups()[3:6])
    fraction = (match[7] or "").rstrip("0")
    try:
        moment = datetime(part["y"], part["m"], part["d"], hour, minute, second)  # noqa: DTZ001 - the form has no zone
    except ValueError:
        return None
    date = f"{part['y']:04}-{moment:%m-%d}"
    if not (hour or minute or second or fraction):
        return date
    return f"{date}T{moment:%H:%M:%S}" + (f".{fraction}" if fraction else "")


_DECODERS: Final[Mapping[FieldType, Callable[[str, str], Decoded | None]]] = {
    FieldType.INTEGER: _integer,
    FieldType.CHECKBOX: _checkbox,
    FieldType.DOUBLE: _double,
    FieldType.DATE: _date,
}

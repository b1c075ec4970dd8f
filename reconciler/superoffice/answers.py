"""What a complete answer holds: JSON, an error object, or something that is no answer of the API at all.

A status of 200 is not success: the API answers 200 with `null` for what it does not find and may answer 200 with an error
object, and whatever stands in between may answer 200 with a page. So JSON is read strictly (UTF-8, no duplicate names, no
NaN, no half surrogates) and error objects are told from carriers.

Source: SuperOffice docs, agents WebAPI, "Errors" (200 with null, 400 with Message and MessageDetail, error objects in 200);
REST WebAPI, "Errors" (Error, ErrorType, ErrorMessage); tests of the official TypeScript client (Error, ErrorType, Message).

Effects: none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from reconciler.superoffice.transport import Reply
from reconciler.wire.operations import Answer

__all__ = ["Unreadable", "error_message", "is_exception", "read_json"]

_MESSAGES: Final = ("ErrorMessage", "Message", "MessageDetail")
_MEMBER: Final[Mapping[Answer, str]] = {
    Answer.CONNECTION: "ErpConnectionId",
    Answer.CONNECTOR: "ErpConnectorId",
    Answer.SUMMARY: "LastSync",
    Answer.MAPPING: "FieldMappings",
    Answer.LISTS: "ErpListItemMappings",
    Answer.DEFAULT: "FirstSyncDefaultValue",
    Answer.ENGINE: "IsRunning",
    Answer.ARCHIVE: "value",
    Answer.PRINCIPAL: "Associate",
}
"""A member that tells the expected object from an error object; answers that are no objects have none."""


class Unreadable(ValueError):
    """The body is not JSON that we accept; the message says why, and never what it holds."""


def read_json(reply: Reply) -> Any:
    """The JSON of an answer, which is parsed once; nobody changes it.

    Raises:
        Unreadable: it is not JSON, not UTF-8, or says one thing twice.
    """
    if reply.json:
        return reply.json[0]
    kind = reply.content_type.partition(";")[0].strip().lower()
    if kind and not (kind.endswith(("/json", "+json"))):
        raise Unreadable("a web page instead of JSON" if "html" in kind else "something else than JSON")
    if not reply.body.strip():
        raise Unreadable("nothing instead of JSON")
    try:
        text = reply.body.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
        if "\\ud" in text or "\\uD" in text:  # an escaped half surrogate is legal JSON, but no text: nothing could store or send it
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise Unreadable("text that is not UTF-8") from None
    except Unreadable:
        raise
    except (ValueError, RecursionError):
        raise Unreadable("broken JSON") from None
    reply.json.append(value)
    return value


def error_message(value: Any, expected: Answer | None = None) -> str | None:
    """The server's own words if this is an error object, perhaps none (empty); None if it is not one.

    Args:
        value: decoded JSON.
        expected: what should have come; an object that has its telling member and does not say Error is no error.
    """
    if not isinstance(value, Mapping):
        return None
    says_error = value.get("Error") is True or "ErrorType" in value
    texts = [text for name in _MESSAGES if isinstance(text := value.get(name), str) and text]
    is_expected = expected is not None and _MEMBER.get(expected) in value
    if says_error or (any(name in value for name in _MESSAGES) and not is_expected):
        return " ".join(texts)
    return None


def is_exception(value: Any) -> bool:
    """Whether an error object reports an exception inside the application, so that something may have happened before it.

    A request that was refused before it was understood has Message and MessageDetail only.
    """
    return isinstance(value, Mapping) and (value.get("Error") is True or "ErrorType" in value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("JSON that names a member twice")
    return found


def _no_constant(_: str) -> NoReturn:
    raise Unreadable("JSON with a number that is none")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Unreadable("JSON with a number that is too large")
    return value

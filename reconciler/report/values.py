"""One value, or a value before and after, in words.

In -> Out: normalised values -> visible texts of bounded length.
Neighbours: called by the text renderers; cleans through `untrusted`.

Texts stand in quotes, so that `"12"` and `12` differ; secrets appear as references; what was read but must not be shown says so.

Effects: none.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping

from reconciler.model import Change, Hidden, SecretRef, Value, same
from reconciler.report.untrusted import escaped, shortened, visible

__all__ = [
    "before_after",
    "counted",
    "entries",
    "entries_of",
    "is_plain",
    "path_text",
    "said_once",
    "seconds_text",
    "tenant_wide_text",
    "value_text",
    "when",
]

LIMIT = 100
_WORTH_FOLDING = 20  # characters; a shorter reason is easier to read where it belongs
_NOTHING = "(nothing)"
_TENANT_WIDE = (("order",), ("interval",), ("on",))
_NOT_SHOWN = "(not shown)"
_PLAIN_PART = re.compile(r"[\w-]+", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(?:Z|\+00:00)?")


def value_text(value: Value, limit: int = LIMIT) -> str:
    """One value as the plan shows it."""
    if value is None:
        return _NOTHING
    if isinstance(value, Hidden):
        return _NOT_SHOWN
    if isinstance(value, SecretRef):
        version = "" if value.version is None else f", version {shortened(value.version, limit)}"
        return shortened(value.reference, limit) + version
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted_text(value, limit)
    if isinstance(value, Mapping):
        return _mapping_text(value, limit)
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(value_text(part, limit) for part in value)}]"
    return shortened(str(value), limit)


def before_after(before: Value, after: Value, limit: int = LIMIT, *, path: tuple[str, ...] = ()) -> tuple[str, str]:
    """Both sides of a change as texts that show where they differ, however long they are or alike they look.

    Args:
        path: of the change; what is about the whole tenant is told as a file writes it.
    """
    if path in _TENANT_WIDE:
        return tenant_wide_text(path, before, limit), tenant_wide_text(path, after, limit)
    if isinstance(before, SecretRef) and isinstance(after, SecretRef) and before.reference == after.reference:
        return value_text(before, limit), "no version" if after.version is None else f"version {shortened(after.version, limit)}"
    if isinstance(before, str) and isinstance(after, str):
        old, new = _texts(before, after, limit)
        if old == new or _look_alike(before, after):
            # Backslashes are doubled, so that an escape and its spelled-out form differ too.
            old, new = _texts(escaped(before.replace("\\", "\\\\")), escaped(after.replace("\\", "\\\\")), limit)
        return old, new
    old, new = value_text(before, limit), value_text(after, limit)
    return (f"{old} ({type(before).__name__})", f"{new} ({type(after).__name__})") if old == new else (old, new)


def tenant_wide_text(path: tuple[str, ...], value: Value, limit: int = LIMIT) -> str:
    """The sync priority as keys in their order, the interval as a duration, the switch as on or off."""
    if path == ("order",) and isinstance(value, (tuple, list)):
        return ", ".join(shortened(str(name).removeprefix("connection/"), limit) for name in value) or _NOTHING
    if path == ("interval",) and isinstance(value, int):
        size, unit = next((size, unit) for size, unit in ((3600, "h"), (60, "m"), (1, "s")) if value % size == 0)
        return f"{value // size}{unit}"
    if path == ("on",) and isinstance(value, bool):
        return "on" if value else "off"
    return value_text(value, limit)


def entries(change: Change) -> Iterator[tuple[tuple[str, ...], Value, Value]]:
    """The lines of a change: one, or one per language and key where whole mappings come, go or change."""
    yield from _pairs(change.path, change.before, change.after)


def entries_of(path: tuple[str, ...], value: Value) -> Iterator[tuple[tuple[str, ...], Value]]:
    """One value as lines: one per language and key of a mapping, one for anything else."""
    for inner, _, leaf in _pairs(path, None, value):
        yield inner, leaf


def _pairs(path: tuple[str, ...], before: Value, after: Value) -> Iterator[tuple[tuple[str, ...], Value, Value]]:
    """Go down while both sides are mappings or nothing; a scope is one thing, and so is an empty mapping."""
    sides = [side for side in (before, after) if side is not None]
    if path[:1] == ("scope",) or not all(isinstance(side, Mapping) for side in sides) or not any(sides):
        yield path, before, after
        return
    old: Mapping[str, Value] = before or {}
    new: Mapping[str, Value] = after or {}
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in old or key not in new or not same(old[key], new[key]):
            yield from _pairs((*path, key), old.get(key), new.get(key))


def path_text(path: tuple[str, ...]) -> str:
    """`config.Filename`; a part with other characters than letters, digits, `_` and `-` stands in quotes."""
    return ".".join(part if is_plain(part) else f'"{visible(part)}"' for part in path) or "(all of it)"


def is_plain(part: str) -> bool:
    """Whether a key needs no quotes to be told apart from what stands around it."""
    return _PLAIN_PART.fullmatch(part) is not None


def counted(number: int, one: str, many: str = "") -> str:
    """`1 unit`, `2 units`, `no units`."""
    plural = many or f"{one}s"
    return f"no {plural}" if number == 0 else f"1 {one}" if number == 1 else f"{number:,} {plural}"


def said_once(text: str) -> str:
    """`A: why; B: why; C: why` with its reason at the end alone, as SuperOffice gives one for each of many fields: `A; B; C: why`."""
    parts = text.split("; ")
    for at, (part, following) in enumerate(itertools.pairwise(parts)):
        name, _, why = part.rpartition(": ")
        repeated = f": {why}"
        after = following[following.find(repeated) + len(repeated) :] if repeated in following else "-"
        if name and len(why) >= _WORTH_FOLDING and (not after or after[0] == "."):
            parts[at] = name
    return "; ".join(parts)


def seconds_text(seconds: float) -> str:
    """`under 0.1 s`, `0.4 s`, `12 s`, `2 min 5 s`."""
    if seconds < 0.1:
        return "under 0.1 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 120:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def when(text: str | None) -> str:
    """An ISO time in UTC as people write it; other texts stay as they are."""
    if not text:
        return "never"
    found = _TIME.fullmatch(text)
    return f"{found[1]} {found[2]} UTC" if found else shortened(text, 40)


def _quoted_text(text: str, limit: int) -> str:
    """A text in quotes; the told length of a shortened one stays outside of them."""
    if len(text) <= limit:
        return _in_quotes(visible(text))
    tail = limit // 3
    return f"{_in_quotes(f'{visible(text[: limit - tail])} ... {visible(text[len(text) - tail :])}')} ({len(text):,} characters)"


def _in_quotes(text: str) -> str:
    """A visible text in the quotes that it does not hold itself."""
    if '"' not in text:
        return f'"{text}"'
    return f"'{text}'" if "'" not in text else '"' + text.replace('"', '\\"') + '"'


def _mapping_text(value: Mapping[str, Value], limit: int) -> str:
    """A scope in words; any other mapping as `{key: value, ...}`."""
    if isinstance(value.get("everyone"), bool) and set(value) <= {"everyone", "groups", "users"}:
        if value["everyone"]:
            return "everyone"
        lists = {kind: ", ".join(value_text(str(name), limit) for name in value.get(kind) or ()) for kind in ("groups", "users")}
        return "; ".join(f"{kind} {names}" for kind, names in lists.items() if names) or "nobody"
    return "{" + ", ".join(f"{path_text((key,))}: {value_text(part, limit)}" for key, part in value.items()) + "}"


def _texts(before: str, after: str, limit: int) -> tuple[str, str]:
    """Two texts in quotes, cut to where they differ when one is long."""
    if max(len(before), len(after)) > limit:
        return _around(before, after, limit)
    return value_text(before, limit), value_text(after, limit)


def _look_alike(before: str, after: str) -> bool:
    """Whether two different texts may look the same: composed differently, or a letter of another alphabet in a Latin one's place."""
    if before.isascii() and after.isascii():
        return False
    if unicodedata.normalize("NFKC", before) == unicodedata.normalize("NFKC", after):
        return True
    pairs = [(one, other) for one, other in zip(before, after, strict=False) if one != other]
    return len(before) == len(after) and all(_foreign(one, other) or _foreign(other, one) for one, other in pairs)


def _foreign(one: str, other: str) -> bool:
    return one.isascii() and one.isalpha() and other.isalpha() and not unicodedata.name(other, "").startswith("LATIN")


def _around(before: str, after: str, limit: int) -> tuple[str, str]:
    """Two texts of which one is long, cut to the part in which they differ, with a little of what stands around it."""
    shorter = min(len(before), len(after))
    start = next((place for place in range(shorter) if before[place] != after[place]), shorter)
    end = next((back for back in range(shorter - start) if before[-1 - back] != after[-1 - back]), shorter - start)
    margin = limit // 5
    return _window(before, start, end, margin, limit), _window(after, start, end, margin, limit)


def _window(text: str, start: int, end: int, margin: int, limit: int) -> str:
    """The differing part of one text; `end` counts the equal characters at its end."""
    first, last = max(0, start - margin), min(len(text), len(text) - end + margin)
    inside = text[first:last]
    if len(inside) > limit:
        tail = limit // 3
        inside = f"{visible(inside[: limit - tail])} ... {visible(inside[len(inside) - tail :])}"
    else:
        inside = visible(inside)
    lead = "... " if first else ""
    trail = " ..." if last < len(text) else ""
    place = f", from character {first + 1:,}" if first else ""
    return f"{_in_quotes(f'{lead}{inside}{trail}')} ({len(text):,} characters{place})"

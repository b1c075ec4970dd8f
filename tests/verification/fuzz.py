"""L9: every decoder is fed mutations of what it takes; it may answer, or raise one of our errors, quickly and in little memory.

    files      YAML: desired state and targets       plans      plan.json
    wire       every carrier, from JSON              answers    the bytes of an HTTP answer
    values     SuperOffice's codecs of values, language texts and time spans
    journal    stored events and the fold over them

A seed is a valid input with a canary in it. `mutate` cuts, doubles, swaps, and writes odd bytes and tokens; of parsed JSON it also
changes types, drops members and nests deeper. Nothing that is raised may repeat the canary where the input is secret.
"""

from __future__ import annotations

import contextlib
import copy
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.desired.load import load_desired
from reconciler.desired.targets import load_target
from reconciler.errors import ReconcilerError
from reconciler.journal.events import Event
from reconciler.journal.fold import Fold
from reconciler.model import FieldType
from reconciler.plan import codec
from reconciler.superoffice.answers import Unreadable, read_json
from reconciler.superoffice.transport import Reply
from reconciler.wire import carriers, crm_fields, crm_lists, languages, mappings, timespan, values
from tests.faults.scenarios import BASE
from tests.faults.stage import Stage
from tests.journal.bodies import Account, good_run
from tests.verification.layers import Batch
from tests.verification.results import outcome

__all__ = ["DECODERS", "SECONDS_PER_BATCH", "Decoder", "batches", "feed", "mutate", "perform", "takes"]

CANARY = "canary-fuzz-8842"
MOST_SECONDS, MOST_BYTES = 1.0, 400 * 2**20
SECONDS_PER_BATCH = 60.0
# What a pure decoder may raise: its own sort of ValueError, which the caller turns into an error of the tree.
OURS = (ReconcilerError, carriers.WireError, values.ValueProblem, languages.LanguageError, Unreadable)
_ODD = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\n---\n", b"&a ", b"*a", b"!!python/object:os.system ", b"<<: ", b"? ",
    b"{", b"[", b"]" * 50, b"[" * 3000, b'{"a":' * 600, b"1e999", b"NaN", b"-0", b"9" * 5000, b"0x" + b"f" * 400, b"null", b"true",
    b"\\ud800", b"\\u0000", b"'", b'"', b"|\n", b">-\n", b": ", b"- ", b"\t", b"\r\n", b"#", b"%YAML 1.1\n", b"\xef\xbb\xbf", b"~", b"=",
    b"2026-02-30", b"12:30:45", b"[I:", b"[F:nan]", b"[DT:", b'US:"', b";;", b"a" * 70000,
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 10**400, 1.5, 1e308, float("inf"), "", "x", "\ud800", "\x00", "a" * 5000, [], {}, [None], {"a": None}, [[[[]]]],
)  # fmt: skip


@dataclass(frozen=True)
class Decoder:
    """One thing that reads what somebody else wrote.

    Attributes:
        read: takes the bytes.
        seeds: valid inputs.
        secret: the canary in the seeds stands where a secret stands, so that no message may show it.
        structured: the input is JSON, so that its structure is mutated, too.
    """

    read: Callable[[bytes], object]
    seeds: Callable[[], tuple[bytes, ...]]
    secret: bool = False
    structured: bool = False


# --- what is fed ---------------------------------------------------------------------------------------------------------


def _file(name: str, read: Callable[[Path], object], raw: bytes) -> object:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(raw)
        return read(path)


def _targets(path: Path) -> object:
    return load_target("prod", directory=path.parent, environ={})


def _json(read: Callable[[Any], object], raw: bytes) -> object:
    """As the client does it: the bytes are read as JSON first, with its own strictness."""
    return read(read_json(Reply(200, "application/json", raw)))


def _text(read: Callable[[str], object], raw: bytes) -> object:
    return read(raw.decode("utf-8", "replace"))


def _resealed(raw: bytes) -> object:
    """A plan that was altered by somebody who can compute its digest."""
    with contextlib.suppress(ValueError, TypeError, RecursionError):  # what has no canonical form stays as it is
        body = json.loads(raw)
        raw = codec.canonical({**body, "digest": codec.digest_of({**body, "digest": ""})}) + b"\n"
    return codec.from_bytes(raw)


def _fold(body: Any) -> object:
    fold = Fold()
    for one in body if isinstance(body, list) else ():
        if isinstance(one, list) and len(one) == 8:
            fold.add(Event(*one))
    return fold.recorded(elsewhere={}, head="")


def _desired_seed() -> tuple[bytes, ...]:
    example = (Path(__file__).parents[2] / "connections.yaml").read_bytes()
    return (
        example,
        json.dumps(BASE, indent=1).encode(),
        b"version: 1\nlanguage: en\nconnectors: {a: {name: A, url: 'https://x.example/e'}}\n",
    )


_TARGETS = f"""targets:
  prod:
    kind: online
    environment: online
    tenant: Cust12345
    auth: {{kind: system-user, app_token: {{secret: env:SO_APP_TOKEN}}, system_token: {{secret: env:T}}, private_key: {{secret: "file:{CANARY}"}}}}
    secrets: [env:VISMA_*, file:secrets/]
    limits: {{calls_per_second: 5, max_deactivated: 50%}}
    timeouts: {{connect: 10s, settle: 120s}}
"""  # fmt: skip


@cache
def _heard() -> dict[str, tuple[bytes, ...]]:
    """Answers of every read of a plan with mappings and a plan file, as the emulator and the planner give them."""
    from tests.faults.stage import stage

    made = stage()
    found: dict[str, dict[bytes, None]] = {}
    prepared = made.prepare("mappings")
    for name in ("mappings", "tenant"):
        made.begin(made.prepare(name))
        for call in made.apply(made.prepare(name)).calls:
            if call.response is not None:
                found.setdefault(call.operation, {})[json.dumps(call.response).replace("F0001.xlsm", CANARY).encode()] = None
    found["connections"] = {b"[" + next(iter(found["GetConnection"])) + b"]": None}
    found["plan"] = {codec.to_bytes(prepared.plan): None}
    return {name: tuple(seeds)[:4] for name, seeds in found.items()}


def _of(operation: str) -> Callable[[], tuple[bytes, ...]]:
    return lambda: _heard().get(operation, (b"[]", b"{}"))


_READS: dict[str, tuple[Callable[[Any], object], str]] = {
    "connection": (carriers.connection_from, "GetConnection"),
    "list": (carriers.listed_from, "connections"),
    "connector": (carriers.connector_from, "GetErpSyncConnectorEntity"),
    "config-fields": (carriers.config_fields_from, "GetConfigurationFields"),
    "archive": (carriers.archive_page_from, "archive/ErpField"),
    "login": (carriers.login_from, "User/currentPrincipal"),
    "groups": (carriers.user_groups_from, "MDOList/erpconnections"),
    "actor": (mappings.actor_mapping_from, "GetActorTypeMapping"),
    "erp-fields": (lambda body: mappings.erp_fields_from(carriers.archive_page_from(body)[0]), "archive/ErpField"),
    "engine": (mappings.engine_from, "GetEngineStatus"),
    "lists": (crm_lists.list_mappings_from, "GetConnectionListMappings"),
    "items": (lambda body: crm_lists.list_items_from(body, "business"), "List/business/Items"),
    "priority": (crm_lists.priority_from, "MDOList/erpconnections"),
    "crm-fields": (crm_fields.crm_fields_from, "MDOList/erpconnections"),
}


def _events() -> tuple[bytes, ...]:
    events = good_run(Account()).events
    return (json.dumps([[one.seq, one.target, one.run, one.kind, one.at, one.body, one.prev, one.hash] for one in events]).encode(),)


_CODED = tuple(
    text.encode() for text in ("[I:12]", "[F:1.5]", "[DT:01/31/2026 00:00:00.0000000]", "[D:01/31/2026]", "F0001.xlsm", "item1", "")
)
_TEXTS = tuple(text.encode() for text in ('US:"Visma Norway";NO:"Visma Norge"', "plain", 'US:"a\\"b";GE:""'))


def _decoded(field_type: FieldType, text: str) -> object:
    return values.decode(text, field_type)


def _plain(field_type: FieldType, text: str) -> object:
    try:
        return values.encode(values.from_plain(text, False, field_type), field_type)
    except values.ValueProblem:
        raise
    except ValueError as error:
        if type(error) is ValueError:  # told in the words of the file, and turned into a problem with a place by the loader
            return str(error)
        raise


DECODERS: dict[str, Decoder] = {
    "files/connections": Decoder(partial(_file, "connections.yaml", lambda path: load_desired([path])), _desired_seed),
    "files/targets": Decoder(partial(_file, "targets.yaml", _targets), lambda: (_TARGETS.encode(),)),
    "plans/plan": Decoder(codec.from_bytes, _of("plan"), structured=True),
    "plans/resealed": Decoder(_resealed, _of("plan"), structured=True),
    "journal/fold": Decoder(partial(_json, _fold), _events, structured=True),
    "answers/json": Decoder(lambda raw: read_json(Reply(200, "application/json", raw)), _of("GetConnection"), secret=True),
    "values/span": Decoder(partial(_text, timespan.seconds_from), lambda: (b"00:05:00", b"1.00:00:00", b"PT5M")),
    "values/generic": Decoder(partial(_text, values.generic_decode), lambda: _CODED, secret=True),
    "values/languages": Decoder(partial(_text, languages.parse), lambda: _TEXTS),
    "values/merge": Decoder(partial(_text, lambda text: languages.merge(text, {"en": "A", "nb": "B"})), lambda: _TEXTS),
    "values/shown": Decoder(partial(_text, lambda text: languages.shown(text, "en")), lambda: _TEXTS),
    **{f"values/{one.value}": Decoder(partial(_text, partial(_decoded, one)), lambda: _CODED, secret=True) for one in FieldType},
    **{f"values/plain-{one.value}": Decoder(partial(_text, partial(_plain, one)), lambda: (b"12", b"1.5", b"true", b"2026-01-31", b"plain")) for one in FieldType if one is not FieldType.LABEL},
    **{f"wire/{name}": Decoder(partial(_json, read), _of(operation), secret=True, structured=True) for name, (read, operation) in _READS.items()},
}  # fmt: skip


# --- how it is fed -------------------------------------------------------------------------------------------------------


def mutate(chooser: random.Random, raw: bytes, *, structured: bool) -> bytes:
    """One to four changes of an input."""
    for _ in range(chooser.randint(1, 4)):
        if structured and chooser.random() < 0.6:
            raw = _restructured(chooser, raw)
            continue
        at, until = sorted((chooser.randint(0, len(raw)), chooser.randint(0, len(raw))))
        until = min(until, at + 200)
        match chooser.randrange(6):
            case 0:
                raw = raw[:at] + raw[until:]
            case 1:
                raw = raw[:until] + raw[at:until] * chooser.randint(1, 3) + raw[until:]
            case 2:
                raw = raw[:at] + chooser.choice(_ODD) + raw[at:]
            case 3:
                raw = raw[:at] + chooser.choice(_ODD) + raw[until:]
            case 4 if at < len(raw):
                raw = raw[:at] + bytes([raw[at] ^ (1 << chooser.randrange(8))]) + raw[at + 1 :]
            case _:
                raw = raw[:at]
    return raw


def _restructured(chooser: random.Random, raw: bytes) -> bytes:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return raw
    places: list[tuple[Any, Any]] = []

    def walk(node: Any, depth: int = 0) -> None:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
            places.append((node, key))
            if depth < 12:
                walk(value, depth + 1)

    body = copy.deepcopy(body)
    walk(body)
    if not places:
        return json.dumps(chooser.choice(_VALUES)).encode()
    node, key = chooser.choice(places)
    if chooser.random() < 0.25:
        del node[key]
    elif chooser.random() < 0.15 and isinstance(node, list):
        node.append(copy.deepcopy(node[key]))
    else:
        node[key] = chooser.choice(_VALUES)
    return json.dumps(body).encode()


def feed(name: str, raw: bytes) -> str:
    """Give an input to a decoder; what is wrong with how it took it, or empty."""
    decoder = DECODERS[name]
    begun, before = time.process_time(), _peak()
    said = ""
    try:
        decoder.read(raw)
    except OURS as error:
        said = _all_text(error)
    except Exception as error:
        return f"{type(error).__name__} out of {name}: {str(error)[:120]!r} on {raw[:200]!r}"
    took, grown = time.process_time() - begun, _peak() - before
    if took > MOST_SECONDS:
        return f"{name} took {took:.1f} s on {raw[:200]!r} ({len(raw)} bytes)"
    if grown > MOST_BYTES:
        return f"{name} took {grown >> 20} MiB on {raw[:200]!r} ({len(raw)} bytes)"
    if decoder.secret and CANARY in said:
        return f"{name} shows the canary: {said[:200]!r}"
    return ""


def takes(name: str, raw: bytes) -> bool:
    """Whether a decoder reads an input without an error."""
    try:
        DECODERS[name].read(raw)
    except OURS:
        return False
    return True


def _all_text(error: BaseException) -> str:
    """What a person could be shown of an error, its notes and its fields included."""
    return f"{error} {error!r} {vars(error)}"


def _peak() -> int:
    """The most memory that this process ever had, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


# --- the layer -----------------------------------------------------------------------------------------------------------


def batches(_stage: Stage) -> Iterator[Batch]:
    """One for each decoder."""
    for name in DECODERS:
        group, _, one = name.partition("/")
        yield Batch("fuzz", group, one)


def perform(_stage: Stage, batch: Batch, *, seconds: float = SECONDS_PER_BATCH, most: int | None = None) -> list[dict[str, Any]]:
    """Feed a decoder for so much processor time, or so many inputs."""
    name = f"{batch.scenario}/{batch.kind}"
    decoder, chooser = DECODERS[name], random.Random(f"{name} {batch.part}")
    seeds = decoder.seeds()
    wrong = [text for text in (feed(name, seed) for seed in seeds) if text]
    begun, count = time.process_time(), 0
    while len(wrong) < 5 and (count < most if most is not None else time.process_time() - begun < seconds):
        text = feed(name, mutate(chooser, chooser.choice(seeds), structured=decoder.structured))
        wrong += [text] if text and text not in wrong else []
        count += 1
    return [outcome("fuzz", name, wrong, inputs=count + len(seeds), cpu_seconds=round(time.process_time() - begun))]

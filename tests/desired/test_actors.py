"""What is synchronised: fields, items, defaults, order, priority; that every value keeps its place, and what the digest covers."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.model import AutomaticSync, DesiredActor, DesiredDefault, DesiredField, Marked, Plain, Source
from tests.desired.cases import CASES
from tests.desired.loading import codes, load

TEXT = """\
version: 1
connections:
  one:
    actors:
      customer:
        sync: true
        fields:
          NAME: {crm: NAME, direction: both, show: [search, erp-tab]}
          CustGr: {crm: BUSINESS, direction: to-crm, items: {"A": Retail, B: ''}, items_not_listed: report}
          IntField: {default: 30}
          CatErp: {default: {value: "A", ask: true, mandatory: true}}
          TypErp: {renamed_from: TypeErp}
          FAXNO: {crm: "", default: {}, show: []}
        rank: [NAME, CustGr]
        fields_not_listed: unmap
  two: {}
sync_priority: [two, SuperOffice]
automatic_sync: {on: true, interval: 5m}
"""


@pytest.fixture(autouse=True)
def _directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def customer(*texts: str) -> DesiredActor:
    return load(*texts).connections["one"].actors["customer"]


def test_everything_comes_out_with_its_place() -> None:
    actor = customer(TEXT)
    assert (actor.type, str(actor.source), actor.fields_not_listed) == ("customer", "0.yaml:5:7", "unmap")
    assert actor.sync == Marked(value=True, source=Source("0.yaml", 6, 15))
    assert actor.rank == (Marked("NAME", Source("0.yaml", 14, 16)), Marked("CustGr", Source("0.yaml", 14, 22)))
    assert actor.fields["NAME"] == DesiredField(
        key="NAME",
        source=Source("0.yaml", 8, 11),
        crm=Marked("NAME", Source("0.yaml", 8, 23)),
        direction=Marked("both", Source("0.yaml", 8, 40)),
        show=Marked(frozenset({"erp-tab", "search"}), Source("0.yaml", 8, 52)),
    )
    assert actor.fields["CustGr"].items == {"A": Marked("Retail", Source("0.yaml", 9, 67)), "B": Marked("", Source("0.yaml", 9, 78))}
    assert actor.fields["CustGr"].items_not_listed == "report"
    assert actor.fields["TypErp"].renamed_from == Marked("TypeErp", Source("0.yaml", 12, 34))
    unmapped = actor.fields["FAXNO"]
    assert unmapped.crm is not None
    assert unmapped.show is not None
    assert (unmapped.crm.value, unmapped.direction, unmapped.show.value) == ("", None, frozenset())


def test_a_default_has_a_short_form_and_an_empty_one() -> None:
    fields = customer(TEXT).fields
    assert fields["IntField"].default == Marked(DesiredDefault(Plain("30")), Source("0.yaml", 10, 31))
    assert fields["CatErp"].default == Marked(DesiredDefault(Plain("A", quoted=True), ask=True, mandatory=True), Source("0.yaml", 11, 29))
    assert fields["FAXNO"].default == Marked(DesiredDefault(), Source("0.yaml", 13, 37))
    assert fields["NAME"].default is None


def test_what_holds_for_the_whole_tenant() -> None:
    desired = load(TEXT)
    assert desired.sync_priority == (Marked("two", Source("0.yaml", 17, 17)), Marked("SuperOffice", Source("0.yaml", 17, 22)))
    assert desired.automatic_sync == AutomaticSync(
        source=Source("0.yaml", 18, 1),
        on=Marked(value=True, source=Source("0.yaml", 18, 22)),
        interval_s=Marked(300, Source("0.yaml", 18, 38)),
    )


def test_what_is_not_written_is_not_managed() -> None:
    desired = load("version: 1\nconnections: {one: {actors: {customer: {fields: {NAME: {}}}}}}\n")
    actor = desired.connections["one"].actors["customer"]
    assert (actor.sync, actor.rank, actor.fields_not_listed) == (None, None, "leave")
    assert actor.fields["NAME"] == DesiredField("NAME", actor.fields["NAME"].source)
    assert (desired.sync_priority, desired.automatic_sync) == (None, None)
    assert load("version: 1\nautomatic_sync: {interval: 1h}\n").automatic_sync is not None


def test_keys_are_their_source_text() -> None:
    text = (CASES / "sound-actors-odd-keys" / "connections.yaml").read_text(encoding="utf-8")
    fields = customer(text).fields
    assert [*fields] == sorted(["1.10", "no", "null", "~", "01", "1", "a/b c", "quoted: key", "🙂 👩‍🚀", "CustGr"])
    assert {key: item.value for key, item in fields["CustGr"].items.items()} == {
        "01": "One",
        "1": "1",
        "no": "No",
        "null": "null",
        "1.10": "1.10",
        "on": "",
        "~": "",
        "a/b c": "Heading/Name",
        'it"s': 'Åse\'s "own"',
        "🙂": "🙂 party",
        "👩‍🚀": "👩‍🚀",
    }
    defaults = {key: field.default.value for key, field in fields.items() if field.default is not None}
    assert defaults == {"01": DesiredDefault(Plain("01")), "1": DesiredDefault(Plain("01", quoted=True), ask=True)}


@pytest.mark.parametrize("key", ["\u200da", "a\u200d", "a\u200db", "🙂\u200d", "\u200d🙂", "🙂\u200d\u200d🙂"])
def test_a_joiner_stands_only_between_emoji(key: str) -> None:
    assert set(codes(f'version: 1\nconnections: {{one: {{actors: {{customer: {{fields: {{"{key}": {{}}}}}}}}}}}}\n')) == {
        "control-character"
    }


# --- overlays --------------------------------------------------------------------------------------------------------


def over(*fields: str) -> dict[str, DesiredField]:
    overlays = [f"connections: {{one: {{actors: {{customer: {{fields: {one}}}}}}}}}\n" for one in fields]
    return dict(customer(TEXT, *overlays).fields)


def test_fields_and_items_merge_and_everything_below_replaces() -> None:
    fields = over("{NAME: {direction: to-erp, show: [search]}, CustGr: {items: {B: Other}}, New: {crm: TEXT, direction: both}}")
    name, group = fields["NAME"], fields["CustGr"]
    assert name.crm is not None
    assert name.direction is not None
    assert name.show is not None
    assert (name.crm.source.file, name.direction.source.file, name.show.value) == ("0.yaml", "1.yaml", frozenset({"search"}))
    assert str(name.source) == "0.yaml:8:11"
    assert {key: (item.value, item.source.file) for key, item in group.items.items()} == {
        "A": ("Retail", "0.yaml"),
        "B": ("Other", "1.yaml"),
    }
    assert fields["New"].source.file == "1.yaml"


def test_a_rank_replaces_as_a_whole() -> None:
    actor = customer(TEXT, "connections: {one: {actors: {customer: {rank: [CustNo]}}}}\n")
    assert [key.value for key in actor.rank or ()] == ["CustNo"]


@pytest.mark.parametrize(
    ("written", "default"),
    [
        ("{ask: true}", DesiredDefault(ask=True)),
        ("B", DesiredDefault(Plain("B"))),
        ("{}", DesiredDefault()),
        ("''", DesiredDefault(Plain("", quoted=True))),
        ("'null'", DesiredDefault(Plain("null", quoted=True))),
    ],
)
def test_a_default_replaces_as_a_whole_in_either_form(written: str, default: DesiredDefault) -> None:
    for key in ("CatErp", "IntField"):
        found = over(f"{{{key}: {{default: {written}}}}}")[key].default
        assert found is not None
        assert found.value == default


def test_null_takes_a_key_out_at_every_level() -> None:
    fields = over("{NAME: {show: null}, CustGr: {items: {A: ~}, items_not_listed: null}, IntField: {default: null}, CatErp: null}")
    assert fields["NAME"].show is None
    assert [*fields["CustGr"].items] == ["B"]
    assert fields["CustGr"].items_not_listed == "leave"
    assert fields["IntField"].default is None
    assert "CatErp" not in fields
    assert load(TEXT, "connections: {one: {actors: null}}\nsync_priority: null\nautomatic_sync: null\n").connections["one"].actors == {}


def test_unmapping_takes_away_what_earlier_files_said_of_the_mapping() -> None:
    group = over("{CustGr: {crm: '', show: [search]}}")["CustGr"]
    assert group.crm is not None
    assert (group.crm.value, group.direction, group.items, group.items_not_listed) == ("", None, {}, "leave")
    again = over("{CustGr: {crm: ''}}", "{CustGr: {crm: CATEGORY, direction: to-erp}}")["CustGr"]
    assert again.direction is not None
    assert (again.direction.value, again.items) == ("to-erp", {})


def test_unmapping_and_mapping_at_once_is_a_problem() -> None:
    field = "version: 1\nconnections: {one: {actors: {customer: {fields: {A: {crm: '', direction: %s}}}}}}\n"
    assert codes(field % "both") == ["direction-without-crm"]
    assert load(field % "none").connections


def test_deleting_a_connection_takes_its_actors_along() -> None:
    connection = load(TEXT, "connections: {one: {absent: true}}\n").connections["one"]
    assert (connection.actors, connection.absent) == ({}, True)


def test_priority_and_automatic_sync_in_overlays() -> None:
    desired = load(TEXT, "sync_priority: [one]\nautomatic_sync: {interval: 90s}\n")
    assert [item.value for item in desired.sync_priority or ()] == ["one"]
    assert desired.automatic_sync is not None
    assert desired.automatic_sync.on is not None
    assert desired.automatic_sync.interval_s == Marked(90, Source("1.yaml", 2, 28))


# --- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["1s", "60m", "23h"])
def test_intervals_are_whole_seconds(name: str) -> None:
    assert load(f"version: 1\nautomatic_sync: {{interval: {name}}}\n").automatic_sync is not None


@pytest.mark.parametrize("name", ["0s", "1.5s", "500ms", "5", '"5 m"', "PT5M", "-5m", "5M", "''", "05m", "24h", "1440m", "596524h"])
def test_other_intervals_are_refused(name: str) -> None:
    assert codes(f"version: 1\nautomatic_sync: {{interval: {name}}}\n")[0] in ("wrong-form", "out-of-range", "wrong-type")


def test_problems_name_the_thing_they_are_about() -> None:
    text = (
        "version: 1\nconnections: {one: {actors: {customer: {fields: {A: {crm: B}}}}}}\n"
        "mapping_sets: {s: {customer: {fields: {A: {default: {mandatory: true}}}}}}\n"
        "sync_priority: [two]\nautomatic_sync: {interval: 9999999h}\n"
    )
    with pytest.raises(InputError) as caught:
        load(text)
    assert [(problem.code, str(problem.address)) for problem in caught.value.problems] == [
        ("crm-without-direction", "connection/one"),
        ("default-incomplete", "None"),
        ("unknown-connection", "sync-priority"),
        ("out-of-range", "automatic-sync"),
    ]


# --- digest ----------------------------------------------------------------------------------------------------------

SAME = {
    "the long form of a default": TEXT.replace("default: 30", "default: {value: 30, ask: false}"),
    "quotes that change nothing": TEXT.replace('value: "A"', "value: A").replace("crm: BUSINESS", 'crm: "BUSINESS"'),
    "the order of show": TEXT.replace("[search, erp-tab]", "[erp-tab, search]"),
    "what holds anyway": TEXT.replace("IntField: {", "IntField: {items_not_listed: leave, "),
    "another unit": TEXT.replace("5m", "300s"),
    "an unused set": TEXT + "mapping_sets: {s: {person: {sync: true}}}\n",
    "an empty list of sets": TEXT.replace("    actors:", "    uses: []\n    actors:"),
}
OTHER = {
    "sync": TEXT.replace("sync: true", "sync: false"),
    "a CRM field": TEXT.replace("crm: BUSINESS", "crm: CATEGORY"),
    "a direction": TEXT.replace("to-crm", "both"),
    "show": TEXT.replace("[search, erp-tab]", "[search]"),
    "show nowhere": TEXT.replace(", show: []", ""),
    "an item": TEXT.replace("Retail", "Other"),
    "no item": TEXT.replace(", B: ''", ""),
    "items not listed": TEXT.replace("items_not_listed: report", "items_not_listed: leave"),
    "fields not listed": TEXT.replace("fields_not_listed: unmap", "fields_not_listed: leave"),
    "a default": TEXT.replace("default: 30", "default: 31"),
    "quotes that change the meaning": TEXT.replace("default: 30", 'default: "30"'),
    "a question": TEXT.replace("ask: true, ", ""),
    "a removed default": TEXT.replace(", default: {}", ""),
    "a former key": TEXT.replace("TypeErp", "TypErpOld"),
    "the order of fields": TEXT.replace("[NAME, CustGr]", "[CustGr, NAME]"),
    "the priority": TEXT.replace("[two, SuperOffice]", "[SuperOffice, two]"),
    "the interval": TEXT.replace("5m", "6m"),
    "the engine": TEXT.replace("on: true", "on: false"),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_the_digest_stays(text: str) -> None:
    assert text != TEXT
    assert load(text).digest == load(TEXT).digest


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER.keys())
def test_the_digest_changes(text: str) -> None:
    assert text != TEXT
    assert load(text).digest != load(TEXT).digest


def test_files_without_actors_keep_their_digest() -> None:
    assert load("version: 1\n").digest == "70af2b8f9612d8351cd75d7e6a6263804a8a472e83d8b05ac8f3ad0570cffa7c"

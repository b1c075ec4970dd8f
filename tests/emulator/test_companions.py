"""What is read beside the agent: archives, MDO lists, list items, the current user, the version."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from reconciler.emulator import Emulator
from tests.emulator.api import FORTNOX, Api


def _archive(api: Api, name: str, select: str = "", **more: str) -> list[dict[str, object]]:
    query = "&".join(f"${key}={quote(value)}" for key, value in {"select": select, **more}.items() if value)
    return list(api.get(f"archive/{name}?{query}")["value"])


def test_user_groups_are_listed_raw_or_in_a_language(api: Api) -> None:
    groups = api.get("MDOList/usergroup?flat=true")
    assert [(one["Id"], one["Name"], one["Deleted"]) for one in groups] == [
        (1, 'US:"Sales";NO:"Salg"', False),
        (2, 'US:"Administration";NO:"Administrasjon";', False),
        (3, "Support", False),
        (4, 'US:"Old group";NO:"Gammel gruppe"', True),
    ]
    assert [one["Name"] for one in api.get("MDOList/usergroup", SO_Language="nb")] == ["Salg", "Administrasjon", "Support", "Gammel gruppe"]


def test_associates_are_found_by_login_through_the_dynamic_archive(api: Api) -> None:
    rows = _archive(api, "dynamic", "associate.associate_id,associate.name,associate.deleted,associate.type")
    assert [(row["associate.associate_id"], row["associate.name"], row["associate.deleted"]) for row in rows] == [
        (1, "ADMIN", 0),
        (2, "ANNA", 0),
        (3, "OLAV", 0),
        (4, "LEFT", 1),
        (5, "ROOM1", 0),
    ]
    assert (rows[1]["PrimaryKey"], rows[1]["EntityName"]) == ("2", "associate")
    assert len(_archive(api, "dynamic", "associate.name", filter="associate.name eq 'olav'")) == 1
    assert len(_archive(api, "dynamic", "usergroup.usergroup_id,usergroup.name,usergroup.deleted")) == 4


def test_who_am_i_and_which_version(api: Api) -> None:
    me = api.get("User/currentPrincipal")
    assert (me["Associate"], me["AssociateId"], me["GroupId"]) == ("ADMIN", 1, 2)
    version = api.send("GET", "/api", Accept="application/json").json
    assert (version["v1"], version["NetServerVersion"]) == (f"{api.emulator.url}api/v1/", "12.4.0.0")
    urls = api.send("GET", "/api/v1", Accept="application/json").json
    assert urls[f"{api.emulator.url}api/v1/Agents/ErpSync/GetAllConnections"] == {"POST": ""}
    assert api.send("GET", "/api").headers["content-type"].startswith("text/html")


def test_the_field_archive_shows_rank_and_defaults_of_a_whole_connection(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.set_default(connection, "Customer", "CatErp", value="A", ask=True, mandatory=True)
    select = "Id,ErpFieldKey,Rank,HasFirstSyncDefaultValue,FirstSyncDefaultValue,PromptUser,Mandatory,ActorTypeErp,MissingInERP"
    rows = _archive(api, "ErpField", select, filter=f"ConnectionId eq {connection} and PromptOrHasDefault = 1")
    assert [(row["ErpFieldKey"], row["FirstSyncDefaultValue"], row["PromptUser"], row["Mandatory"]) for row in rows] == [
        ("CatErp", "A", True, True)
    ]
    everything = _archive(api, "ErpField", select, filter=f"ConnectionId eq {connection}")
    assert len(everything) == 37
    assert set(everything[0]) == {"PrimaryKey", "EntityName", *select.split(",")}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("ActorTypeErp eq 'Customer'", 12),
        ("ActorTypeErp = 'customer' or ActorTypeErp = 'Person'", 19),
        ("Rank lt 3", 8),
        ("Rank >= 12", 2),
        ("ActorTypeErp ne 'Customer'", 25),
        ("ErpFieldKey begins 'POSTAL'", 9),
        ("ErpFieldKey contains 'name'", 5),
        ("Access set", 37),
        ("ErpFieldKey in ('NAME','TEXT') and (Rank > 2 or ActorTypeErp = 'Project')", 2),
        ("Rank oneOf (1, 2)", 8),
        ("SyncToCrm eq true", 0),
        ("ErpFieldKey eq 'it''s'", 0),
    ],
)
def test_archives_are_filtered(api: Api, connection: int, text: str, count: int) -> None:
    assert len(_archive(api, "ErpField", "ErpFieldKey", filter=text)) == count


@pytest.mark.parametrize("text", ["Rank", "Rank near 3", "Nothing eq 1", "(Rank eq 1", "Rank eq 1 1", "Rank in 1", "Rank eq 1 and", "\x01"])
def test_a_restriction_that_makes_no_sense_is_refused(api: Api, connection: int, text: str) -> None:
    assert api.send("GET", f"/api/v1/archive/ErpField?$select=Rank&$filter={quote(text)}").status == 400


def test_archives_are_paged_and_their_links_lead_nowhere(api: Api, connection: int) -> None:
    page = api.get("archive/ErpField?$select=Id&$top=10&$skip=30")
    assert (len(page["value"]), page["odata.nextLink"]) == (7, None)
    assert "$skip=10" in api.get("archive/ErpField?$select=Id&$top=10")["odata.nextLink"]
    assert api.send("GET", "/api/v1/archive/ErpField?$top=x").status == 400


def test_archives_are_ordered(api: Api, connection: int) -> None:
    rows = _archive(api, "ErpField", "ErpFieldKey,Rank", orderby="Rank desc,ErpFieldKey", filter="ActorTypeErp eq 'Project'")
    assert [row["Rank"] for row in rows] == [6, 5, 4, 3, 2, 1]


def test_unknown_archives_and_columns_are_refused(api: Api, connection: int) -> None:
    for path in ("Nothing", "ErpField?$select=Nothing", "dynamic?$select=contact.name", "dynamic"):
        assert api.send("GET", f"/api/v1/archive/{path}").status == 400


def test_the_connection_archive_tells_who_changed_what_and_when(api: Api, emulator: Emulator, connection: int) -> None:
    select = "id,name,active,erpId,mostRecent,connector/name,connector/url,updatedBy,updatedDate,updatedCount"
    (before,) = _archive(api, "ErpConnection", select)
    assert (before["name"], before["updatedBy"], before["erpId"]) == ("Norway", "ADMIN", api.read(connection)["ConnectionId"])
    emulator.edit.rename(connection, "Elsewhere")
    (after,) = _archive(api, "ErpConnection", select)
    assert (after["name"], after["updatedBy"], after["updatedCount"]) == ("Elsewhere", "OLAV", 1)
    assert str(after["updatedDate"]) > str(before["updatedDate"])


def test_deleted_rows_are_an_entity_of_their_own(api: Api, emulator: Emulator, connection: int) -> None:
    emulator.edit.delete(connection)
    assert _archive(api, "ErpConnection", "id") == []
    assert len(_archive(api, "ErpConnection", "id", entities="erpConnection,deleted")) == 1
    assert [row["name"] for row in _archive(api, "ErpConnector", "id,url,name")] == ["Visma"]
    assert _archive(api, "ErpSyncLog") == []


def test_lists_of_connections_and_connectors(api: Api, connection: int) -> None:
    other = api.connector(FORTNOX, "Fortnox")
    (row,) = api.get("MDOList/erpconnections?additional=prefixWithConnector=true")
    assert (row["Name"], row["ExtraInfo"]) == ("Visma: Norway", api.read(connection)["ConnectionId"])
    assert [(one["Id"], one["ExtraInfo"]) for one in api.get("MDOList/erpconnectors")][1] == (other, FORTNOX)
    assert [one["ExtraInfo"] for one in api.get("MDOList/erpactortype")] == ["Customer", "Supplier", "Partner", "Person", "Project"]
    assert api.get("MDOList/nothing") is None


def test_crm_fields_and_list_items(api: Api, emulator: Emulator) -> None:
    assert {one["ExtraInfo"] for one in api.get("MDOList/crmfields?additional=actorType=Project")} == {
        "NAME",
        "TEXT",
        "NUMBER",
        "URL",
        "ENDDATE",
        "PROJTYPE",
        "PROJSTATUS",
    }
    assert len(api.get("MDOList/crmfields")) > 50
    item = emulator.edit.add_crm_item("business", "New")
    emulator.edit.delete_crm_item(item)
    emulator.edit.rename_crm_item(9001, "Shops")
    assert api.get("MDOList/business")[0]["Name"] == "Shops"
    assert [one["Deleted"] for one in api.get("List/business/Items")] == [False] * 5 + [True]
    assert len(api.get("List/Business/MDOItems")) == 5
    assert "CountryId" in api.get("List/country/Items")[0]
    assert api.get("List/901/Items")[0]["Name"] == "Shops"
    assert api.get("List/nothing/Items") is None
    assert api.get("MDOList/associate")[0]["Name"] == "Ada Administrator"

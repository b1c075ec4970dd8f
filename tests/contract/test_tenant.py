"""SuperOffice's own client is let in to the emulated tenant as it expects to be, and turned away as it expects to be."""

import pytest

from reconciler.emulator import Emulator, Online
from tests.contract.fill import VISMA
from tests.contract.vendor import play

pytestmark = pytest.mark.xdist_group("every-method")


def test_the_vendor_s_three_ways_to_say_who_one_is() -> None:
    with Emulator(online=Online()) as made:
        made.edit.add_connector("Visma", VISMA)
        own = made.door.credentials
        given = {
            "api": made.api_url,
            "root": f"{made.url}{own.tenant}/api",
            "ticket": made.door.ticket("system"),
            "token": made.door.token(),
            "appToken": own.client_secret,
        }
        told = play("tenant.mjs", made, given)
        assert made.errors == []
    assert told == {"ticket": ["Visma"], "alone": 401, "bearer": ["Visma"], "password": 401, "root": 421}

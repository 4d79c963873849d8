"""A Bulk feed from a utility that is another process, in each way that it writes one."""

from __future__ import annotations

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from authorizations.models import Authorization, PullTrigger
from greenbutton.ingest import bulk
from greenbutton.ingest.pull import pull
from greenbutton.models import BulkCollection, Pull
from tests import cast
from tests.at_the_sandbox import decide
from tests.conftest import SandboxSite
from utilities.models import Client, Utility


def connected(browser: httpx.Client, utility: Utility, person: cast.Person) -> Authorization:
    answer = person.comes_back(utility, **decide(browser, utility, person, "allow"))
    uid = answer.url.removeprefix("/usage/").rstrip("/")
    return Authorization.objects.get(uid=uid)


@pytest.fixture
def three(svce: Utility) -> list[Authorization]:
    made = []
    for person in (cast.ada(), cast.ben(), cast.cy()):
        with httpx.Client(timeout=60, trust_env=False) as browser:
            made.append(connected(browser, svce, person))
    return made


def read(client: Client) -> BulkCollection:
    BulkCollection.objects.update(brought_forward_to=None)
    row = bulk.ask_for(client, PullTrigger.STAFF)
    assert row is not None
    done = bulk.collect_due(row)
    assert done is not None
    return done


def held(authorization: Authorization) -> list[tuple[object, ...]]:
    """All of an authorization's readings, without the keys of their rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.kind, r.start, r.seconds, r.value, r.cost
            FROM greenbutton_reading r
            JOIN greenbutton_meterreading m ON m.id = r.meter_reading_id
            JOIN greenbutton_usagepoint p ON p.id = m.usage_point_id
            WHERE r.authorization_id = %s ORDER BY 1, m.identity, 2, 3
            """,
            [authorization.pk],
        )
        return list(cursor.fetchall())


@pytest.mark.parametrize("profile", ["certified", "export"])
def test_three_customers_get_by_bulk_what_they_would_get_by_themselves(
    sandbox_site: SandboxSite, three: list[Authorization], profile: str
) -> None:
    ada, ben, cy = three
    assert ada.client is not None
    sandbox_site.manage("sandbox_client", ada.client.client_id, "--profile", profile)
    try:
        cy.mark_revoked("customer")
        done = read(ada.client)
        assert (done.state, done.error) == (BulkCollection.State.DONE, "")
        # The utility was not told yet: Cy's entries are in it, and nobody's that is known here.
        assert done.counts["stored"] == 2
        assert done.counts["unknown"] > 0
        assert done.counts["disputed"] == 0
        assert not cy.usage_points.exists()
        assert not cy.reading_days.exists()
        assert held(ada) == held(ben) != []
        for one in (ada, ben):
            if profile == "certified":
                assert one.pulls.get().findings == []
            # The ordinary way brings no reading that Bulk has not brought.
            before = held(one)
            Authorization.objects.filter(pk=one.pk).update(next_pull_at=timezone.now())
            again = pull(one)
            assert again is not None
            assert (again.state, again.new, again.changed) == (Pull.State.DONE, 0, 0)
            assert held(one) == before
    finally:
        sandbox_site.manage("sandbox_client", ada.client.client_id, "--profile", "certified")

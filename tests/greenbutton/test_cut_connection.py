"""PostgreSQL ends a worker's connection in the middle of a pull, as when it is restarted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.ingest.pull import pull
from greenbutton.models import Pull
from tests import cast
from tests.greenbutton.ingest.documents import block, document, hours, meter
from tests.lying_utility import LyingUtility

pytestmark = pytest.mark.django_db(transaction=True)

FEED = "/resource/Batch/Subscription/1"


def cut_all_connections() -> None:
    """All but the one of the thread that does it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()


def test_a_pull_whose_connection_is_cut_is_put_off_and_not_left_to_its_lease(
    lying: LyingUtility,
) -> None:
    authorization = cast.authorize(cast.ada(), cast.make_utility(lying.url))
    body = document(meter(), block(*hours([1]))).getvalue()
    lying.answer(FEED, body=body, before=cut_all_connections)
    lying.answer(FEED, body=body)
    with pytest.raises(OperationalError):
        pull(authorization)

    row = Authorization.objects.get()
    assert (row.lease_id, row.leased_until, row.failures) == ("", None, 1)
    assert row.next_pull_at is not None
    assert row.next_pull_at < timezone.now() + timedelta(minutes=2)
    cut = row.pulls.get()
    assert (cut.state, cut.finished is None) == (Pull.State.FAILED, False)
    assert "OperationalError" in cut.error
    assert not row.reading_days.exists()

    done = pull(row)
    assert done is not None
    assert (done.state, done.error) == (Pull.State.DONE, "")
    assert row.reading_days.get().values == [1]
    assert row.pulls.count() == 2

from __future__ import annotations

from authorizations.models import Authorization
from greenbutton.bench.contenders.first import check, store
from greenbutton.bench.job import Job, Stopwatch


def run(job: Job, timed: Stopwatch) -> None:
    """Store the document that `first` stored."""
    authorization = Authorization.objects.select_related("utility").get()
    with timed:
        stored = store(authorization, job)
    check(stored, job, new=0)

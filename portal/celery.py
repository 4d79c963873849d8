"""The Celery application of the portal: `celery -A portal worker`, `celery -A portal beat`."""

import os

from celery import Celery
from django.conf import settings
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_transport_options={
        "global_keyprefix": settings.REDIS_PREFIX,
        # A worker takes from the first of its queues that has something, not from each in turn.
        "queue_order_strategy": "priority",
    },
    # A customer who waits, then the short errands of beat, then the daily run. A worker that is
    # told no queues listens to all of them, in this order.
    # Without a key of its own, each would be bound to the default one, and get what is for another.
    task_queues=[Queue(name, routing_key=name) for name in ("waiting", "celery", "nightly")],
    broker_connection_retry_on_startup=True,
    # Work is a due time on a row: nobody waits for a task's result.
    task_ignore_result=True,
    # What may take minutes stands with the pulls: behind it no errand waits, such as deleting what
    # was revoked.
    task_routes={
        f"{app}.tasks.{name}": {"queue": queue}
        for queue, app, names in (
            ("waiting", "greenbutton", ("import_uploads_of", "recut_days_of", "check_client")),
            ("nightly", "greenbutton", ("collect_bulk", "read_bulk_nightly", "replay_asked_of")),
            ("nightly", "authorizations", ("reconcile",)),
        )
        for name in names
    },
    # A task is a wish that can be repeated: a worker that dies hands it back.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    task_time_limit=3600,
    beat_schedule_filename=str(settings.VAR_DIR / "celerybeat-schedule"),
    beat_schedule={
        "dispatch due pulls": {
            "task": "greenbutton.tasks.dispatch_due_pulls",
            "schedule": settings.DISPATCH_SECONDS,
            # A look that came too late is worth nothing: the next one sees the same rows.
            "options": {"expires": settings.DISPATCH_SECONDS * 2},
        },
        "dispatch uploads": {
            "task": "greenbutton.tasks.dispatch_uploads",
            "schedule": settings.DISPATCH_SECONDS,
            "options": {"expires": settings.DISPATCH_SECONDS * 2},
        },
        "dispatch what is to be read again": {
            "task": "greenbutton.tasks.dispatch_replays",
            "schedule": settings.DISPATCH_SECONDS,
            "options": {"expires": settings.DISPATCH_SECONDS * 2},
        },
        "dispatch days to be cut anew": {
            "task": "greenbutton.tasks.dispatch_recuttings",
            "schedule": settings.DISPATCH_SECONDS,
            "options": {"expires": settings.DISPATCH_SECONDS * 2},
        },
        "dispatch bulks": {
            "task": "greenbutton.tasks.dispatch_bulks",
            "schedule": settings.DISPATCH_SECONDS,
            "options": {"expires": settings.DISPATCH_SECONDS * 2},
        },
        "forget meters no longer shared": {
            "task": "greenbutton.tasks.forget_stopped",
            "schedule": 30,
            "options": {"expires": 60},
        },
        "send e-mails": {
            "task": "authorizations.tasks.send_due_emails",
            "schedule": settings.DISPATCH_SECONDS,
            "options": {"expires": settings.DISPATCH_SECONDS * 2},
        },
        "tell utilities what has stopped": {
            "task": "authorizations.tasks.tell_utilities",
            "schedule": 30,
            "options": {"expires": 60},
        },
        "warn of what ends soon": {
            "task": "authorizations.tasks.warn_of_ends",
            "schedule": 60,
            "options": {"expires": 120},
        },
        "read what utilities posted": {
            "task": "greenbutton.tasks.read_notifications",
            "schedule": settings.DISPATCH_SECONDS,
            "options": {"expires": settings.DISPATCH_SECONDS * 2},
        },
        "ask utilities how consents stand": {
            "task": "authorizations.tasks.dispatch_standings",
            "schedule": settings.DISPATCH_SECONDS,
            "options": {"expires": settings.DISPATCH_SECONDS * 2},
        },
        "compare what utilities list": {
            "task": "authorizations.tasks.dispatch_reconciliations",
            "schedule": settings.DISPATCH_SECONDS,
            "options": {"expires": settings.DISPATCH_SECONDS * 2},
        },
        "ask for the night's comparisons": {
            "task": "authorizations.tasks.ask_reconciliations",
            "schedule": 3600,
            "options": {"expires": 3600},
        },
        "read Bulk feeds of adopted customers": {
            "task": "greenbutton.tasks.read_bulk_nightly",
            "schedule": 3600,
            "options": {"expires": 3600},
        },
        "forget attempts in vain": {
            "task": "authorizations.tasks.forget_old_attempts",
            "schedule": 3600,
            "options": {"expires": 3600},
        },
        "forget old notices": {
            "task": "authorizations.tasks.forget_old_notices",
            "schedule": 3600,
            "options": {"expires": 3600},
        },
        "purge what was revoked": {
            "task": "greenbutton.tasks.purge_due",
            # Promised within a minute; what utilities say has ended is purged by this alone.
            "schedule": 10,
            "options": {"expires": 60},
        },
        "forget codes that nobody typed": {
            "task": "authorizations.tasks.forget_stale_codes",
            "schedule": 300,
            "options": {"expires": 600},
        },
        "forget what could not be read": {
            "task": "greenbutton.tasks.forget_refused",
            "schedule": 3600,
            "options": {"expires": 3600},
        },
        "forget old feeds": {
            "task": "greenbutton.tasks.forget_old_feeds",
            "schedule": 3600,
            "options": {"expires": 3600},
        },
        "look at registrations": {
            "task": "utilities.tasks.look_at_due_registrations",
            "schedule": 60,
            "options": {"expires": 120},
        },
        "check clients": {
            "task": "greenbutton.tasks.dispatch_client_checks",
            "schedule": settings.DISPATCH_SECONDS,
            "options": {"expires": settings.DISPATCH_SECONDS * 2},
        },
        "forget what was tried at the demo site": {
            "task": "portal.demo_site.tasks.forget_demo_visits",
            "schedule": 600,
            "options": {"expires": 600},
        },
        "expire what is over": {
            "task": "greenbutton.tasks.expire_due",
            "schedule": 60,
            "options": {"expires": 120},
        },
    },
)
app.autodiscover_tasks()

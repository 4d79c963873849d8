"""Attempts to bring data in, and the documents as they came."""

from __future__ import annotations

from django.db import models

from authorizations.models import Authorization, PullTrigger
from utilities.models import new_uid


class Pull(models.Model):
    """One attempt to bring data in for an authorization, written as running before anything else.

    Most collect from the utility, by themselves or out of a Bulk feed of many customers; the others
    read a file that a customer or somebody of the staff brought.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        WAITING = "waiting", "Utility is preparing"
        FAILED = "failed", "Failed"
        ABANDONED = "abandoned", "Abandoned"

    class Source(models.TextChoices):
        UTILITY = "utility", "Utility"
        UPLOAD = "upload", "Upload"
        COMMAND = "command", "Command"
        BULK = "bulk", "Bulk"
        REPLAY = "replay", "What was kept"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    authorization = models.ForeignKey(Authorization, on_delete=models.CASCADE, related_name="pulls")
    started = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    source = models.CharField(max_length=8, choices=Source, default=Source.UTILITY)
    # Why it was due; blank for what is no collecting.
    trigger = models.CharField(max_length=16, choices=PullTrigger, blank=True)
    # Of a replay: the pull whose feeds, with all that came after them, were read again.
    replay_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replays"
    )
    # What a file was called where it came from, shortened; blank for what the utility sent.
    file_name = models.CharField(max_length=100, blank=True)
    first = models.BooleanField(default=False)
    # The history that somebody asked for, where it collects that and not what is new.
    history = models.ForeignKey(
        "HistoricalCollection", on_delete=models.SET_NULL, null=True, related_name="pulls"
    )
    windows_planned = models.PositiveIntegerField(default=0)
    windows_done = models.PositiveIntegerField(default=0)
    # Readings seen in the feeds; of those, how many were new and how many changed a stored one.
    readings = models.PositiveBigIntegerField(default=0)
    new = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    bills = models.PositiveIntegerField(default=0)
    # The reader's Findings, grouped: [{"code", "count", "where", "detail"}], the first of a kind.
    findings = models.JSONField(default=list)
    # Requests to the utility, tokens among them.
    requests = models.PositiveIntegerField(default=0)
    # What was asked for and what came of it, in order: each a `greenbutton.ingest.story.Step`.
    steps = models.JSONField(default=list)
    # When the utility is asked again, as far as this attempt had a say in it.
    next_at = models.DateTimeField(null=True)
    # What went wrong, in words for staff; never a token, never the customer's data.
    error = models.TextField(blank=True)
    # The same in words for the customer.
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["-started", "-id"]
        indexes = [
            models.Index(
                fields=["authorization"],
                name="uploads_to_read",
                condition=models.Q(source="upload", state="running"),
            ),
            models.Index(
                fields=["authorization"],
                name="replays_to_do",
                condition=models.Q(source="replay", state="running"),
            ),
        ]

    def __str__(self) -> str:
        what = {
            self.Source.UPLOAD.value: "import",
            self.Source.COMMAND.value: "import",
            self.Source.REPLAY.value: "replay",
        }.get(self.source, "pull")
        return f"{what} of {self.started:%Y-%m-%d %H:%M} ({self.get_state_display()})"


class RawFeed(models.Model):
    """A feed exactly as it came, compressed and encrypted with its authorization's own key."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="raw_feeds")
    received = models.DateTimeField(auto_now_add=True)
    window_start = models.DateTimeField(null=True)
    window_end = models.DateTimeField(null=True)
    size = models.PositiveBigIntegerField(help_text="Bytes before compression.")
    sha256 = models.CharField(max_length=64)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-received", "-id"]

    def __str__(self) -> str:
        return f"feed of {self.received:%Y-%m-%d %H:%M}, {self.size:,} bytes"


class RawFeedPart(models.Model):
    """A piece of a raw feed, so that a large one never has to lie in memory whole."""

    raw_feed = models.ForeignKey(RawFeed, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    body = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["raw_feed", "number"], name="one_raw_feed_part_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"part {self.number}"

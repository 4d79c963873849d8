"""E-mails on their way to customers: rows until they are sent, and nothing afterwards."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

from authorizations.models.authorizations import Authorization
from authorizations.models.share_links import ShareLink
from utilities.encrypted import EncryptedTextField
from utilities.models import new_uid

# A mail server that is down for a weekend loses nothing. What is older says what is not true any
# more, and an address is not kept for longer than it is needed.
EMAIL_KEPT_FOR = timedelta(hours=72)


class OutgoingEmail(models.Model):
    """An e-mail that is to be sent. The row is deleted once it is, and after 72 hours in any case.

    It holds all that is needed, so that a receipt outlasts the purge of what it is about.
    """

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    # Names its templates, and its sentence in the timeline.
    kind = models.CharField(max_length=40)
    # What it is about, for the timeline.
    authorization = models.ForeignKey(
        Authorization, on_delete=models.CASCADE, null=True, related_name="outgoing_emails"
    )
    share_link = models.ForeignKey(
        ShareLink, on_delete=models.CASCADE, null=True, related_name="outgoing_emails"
    )
    to = EncryptedTextField()
    subject = EncryptedTextField()
    text = EncryptedTextField()
    html = EncryptedTextField(blank=True)
    created = models.DateTimeField(default=timezone.now)
    # When it is to be tried (again); a worker that tries it moves this on first.
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["due_at"]
        indexes = [models.Index(fields=["due_at"], name="due_emails")]

    def __str__(self) -> str:
        return f"{self.kind} e-mail {self.uid}"

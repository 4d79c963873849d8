"""Consent records: what was shown, and agreed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

from utilities.models import new_uid

if TYPE_CHECKING:
    from authorizations.models.attempts import ConnectAttempt
    from authorizations.models.authorizations import Authorization


class ConsentRecord(models.Model):
    """What a customer was shown by us and agreed to; written once, with the authorization.

    A purge takes the sentences, and leaves their version, the scopes, the times and the link.

    The scopes are without AdditionalScope, and a prefill stands in the sentences as it was shown:
    masked.
    """

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    authorization = models.ForeignKey(
        "Authorization", on_delete=models.CASCADE, related_name="consent_records"
    )
    attempt = models.ForeignKey(
        "ConnectAttempt", on_delete=models.SET_NULL, null=True, related_name="consent_records"
    )
    text_version = models.CharField(max_length=20)
    language = models.CharField(max_length=5)
    sentences = models.JSONField(default=list)
    company_name = models.CharField(max_length=200)
    utility_name = models.CharField(max_length=120)
    scope_asked = models.CharField(max_length=1000)
    scope_granted = models.CharField(max_length=1000)
    link_uid = models.CharField(max_length=32, blank=True)
    shown_at = models.DateTimeField()
    # When they pressed the button on our page, and when they came back from the utility's.
    agreed_at = models.DateTimeField()
    granted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-granted_at", "-id"]

    def __str__(self) -> str:
        return f"consent {self.uid}"

    @classmethod
    def keep(cls, attempt: ConnectAttempt, authorization: Authorization) -> ConsentRecord | None:
        """Keep what the attempt was agreed to with; None where it did not begin on a page."""
        if attempt.shown_at is None:
            return None
        return cls.objects.create(
            authorization=authorization,
            attempt=attempt,
            text_version=attempt.text_version,
            language=attempt.language,
            sentences=attempt.sentences,
            company_name=attempt.client.company_name,
            utility_name=attempt.client.utility.name,
            scope_asked=attempt.scope,
            scope_granted=authorization.scope,
            link_uid=attempt.share_link.uid if attempt.share_link else "",
            shown_at=attempt.shown_at,
            agreed_at=attempt.created,
        )

    def as_json(self) -> dict[str, Any]:
        """What customers and staff take away."""
        return {
            "uid": self.uid,
            "authorization_uid": self.authorization.uid,
            "link_uid": self.link_uid,
            "text_version": self.text_version,
            "language": self.language,
            "company": self.company_name,
            "utility": self.utility_name,
            "sentences": self.sentences,
            "scope_asked": self.scope_asked,
            "scope_granted": self.scope_granted,
            "shown_at": self.shown_at.isoformat(),
            "agreed_at": self.agreed_at.isoformat(),
            "granted_at": self.granted_at.isoformat(),
        }

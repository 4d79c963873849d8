"""What was asked for and granted, and until when."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models, transaction

from authorizations.models.authorizations.consent import Consent
from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError


class Granted(Consent):
    """How much is shared; the utility may say that it is less by now, and never that it is more."""

    # What was asked for and what was granted; neither carries AdditionalScope.
    asked_scope = models.CharField(max_length=1000, blank=True)
    scope = models.CharField(max_length=1000, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def granted_less_than_asked(self) -> list[str]:
        """Sentences that say what the customer left out; empty when nothing was."""
        if not self.asked_scope or not self.scope:
            return []
        granted, asked = espi_scope.parse(self.scope), espi_scope.parse(self.asked_scope)
        return granted.granted_less_than(asked)

    def shares(self, function_block: int) -> bool:
        """Whether this kind of data was granted, and asked for.

        What a utility grants beyond that, its customer did not agree to on our page.
        """
        if not self.scope or function_block not in espi_scope.parse(self.scope).function_blocks:
            return False
        asked = self.asked_scope  # empty for one that was found at the utility
        return not asked or function_block in espi_scope.parse(asked).function_blocks

    def ends_sooner(self, end: datetime) -> bool:
        """Take over that sharing ends at this moment; returns whether that is sooner than known."""
        if self.expires_at is not None and self.expires_at <= end:
            return False
        with transaction.atomic():
            self.expires_at = end
            self.save(update_fields=["expires_at"])
            day = f"{end.astimezone(self.zone):%d %B %Y}".removeprefix("0")
            self.tell("authorization_narrowed", left_out=[f"Sharing ends sooner: on {day}."])
        return True

    def narrowed(self, said: str) -> bool:
        """Take over that the utility shares less than was granted; returns whether it does.

        `said` is the scope as the utility tells it now. Whatever is wider in it is not taken over:
        only the customer's consent can widen a grant. May be told again and again.
        """
        with transaction.atomic():
            row = type(self).objects.select_for_update().only("scope", "expires_at", "status")
            locked = row.get(pk=self.pk)
            if locked.status != self.Status.ACTIVE:
                return False
            lost, left, end = _less(locked.scope, said)
            if not lost:
                return False
            self.scope, self.expires_at = left, sooner(locked.expires_at, end)
            self.save(update_fields=["scope", "expires_at"])
            self.tell("authorization_narrowed", left_out=lost)
        return True


def end_of(granted: espi_scope.Scope) -> datetime | None:
    """When the grant ends by itself; PreferredAuthEndDate 0, or none, means "until revoked"."""
    end = granted.end_date
    return datetime.fromtimestamp(end, UTC) if end else None


def sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    """The sooner of two ends; None is no end."""
    return min(filter(None, (one, other)), default=None)


def _less(granted: str, said: str) -> tuple[list[str], str, datetime | None]:
    """What of a granted scope the utility no longer shares, in sentences; what is left of it, and
    when that ends.

    A scope that cannot be read, or shares nothing of what was granted, is no narrower grant: what
    the utility refuses shows when it is asked.
    """
    try:
        before = espi_scope.parse(granted)
        left = before.left_by(espi_scope.parse(said).without_additional())
    except ScopeError:
        return [], granted, None
    return left.granted_less_than(before), espi_scope.build(left), end_of(left)

"""Authorizations: customers' consents, with the tokens that they gave and where collecting stands.

One table; its columns lie in rooms, each with the facts and verbs that are about them:

`consent`     at which utility, by which link, of what kind and status; what is told of it
`granted`     what was asked for and granted, and until when
`tokens`      what opens the data, and whose turn it is to refresh it
`collecting`  when it is due, who is at it, how far that came; the key of its raw feeds
`owner`       whose it is: a browser's, an account's, an e-mail address's
`ending`      how it ends here and at the utility, and what the utility says of it
`renewal`     going on by a new consent
`queryset`    questions about many of them

What a room needs of another one it inherits, so that each can be read, and is typed, by itself.
Here is how they come to be, and what holds for the table as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from authorizations.models.authorizations.granted import end_of, sooner
from authorizations.models.authorizations.renewal import Renewed
from authorizations.models.consent_records import ConsentRecord
from authorizations.models.hashing import digest
from authorizations.models.share_links import ShareLink
from authorizations.models.triggers import PullTrigger
from greenbutton.espi import scope as espi_scope
from utilities.models import Client, Utility

if TYPE_CHECKING:
    from authorizations.models.attempts import ConnectAttempt
    from authorizations.models.reconciliations import ForeignAuthorization
    from utilities.client import Token


class LinkUsedUpError(Exception):
    """The link was for one customer, and another one consented first."""


class Authorization(Renewed):
    """A customer's consent at a utility, with the tokens it gave and where collecting stands.

    One of origin `file` holds what the customer brought: it has no tokens and is never due, and no
    utility where its customer named none that we know. One of origin `adopted` was given to this
    company at the utility and found there: it has no tokens of its own, the client's open it.
    """

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(
                condition=Q(origin="file") | Q(utility__isnull=False),
                name="only_a_file_has_no_utility",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_pull_at"], name="due_authorizations", condition=Q(status="active")
            ),
            models.Index(
                fields=["purge_at"], name="purge_due", condition=Q(purge_at__isnull=False)
            ),
            models.Index(
                fields=["tell_utility_at"],
                name="utilities_to_tell",
                condition=Q(tell_utility_at__isnull=False),
            ),
            models.Index(
                fields=["expires_at"], name="ending_authorizations", condition=Q(status="active")
            ),
            models.Index(fields=["browser_hash"], name="authorizations_of_browser"),
            models.Index(
                fields=["standing_at"],
                name="standing_due",
                condition=Q(standing_at__isnull=False),
            ),
            models.Index(
                fields=["customer_email_digest"],
                name="unclaimed_by_address",
                condition=Q(claimed_at__isnull=True) & ~Q(customer_email_digest=""),
            ),
            # By what a notification names; the utility first, since only its own are looked up.
            models.Index(fields=["utility", "resource_uri"], name="by_resource_uri"),
            models.Index(fields=["utility", "customer_uri"], name="by_customer_uri"),
            models.Index(fields=["utility", "authorization_uri"], name="by_authorization_uri"),
        ]

    @property
    def offered_email(self) -> str:
        """The address that its link was made for: to be offered, masked; it proves nothing."""
        attempt = self.attempts.select_related("share_link").first()
        if attempt is not None and attempt.offered_email:
            return attempt.offered_email
        return self.share_link.customer_email if self.share_link else ""

    def is_offered_by_company(self) -> bool:
        """Whether staff said so; what stands in a link's own address, anybody can have written."""
        return self.share_link is not None and self.share_link.customer_email == self.offered_email

    @classmethod
    def activate(cls, attempt: ConnectAttempt, token: Token) -> Authorization:
        """Keep what the customer granted; it is due for its first pull from this moment.

        Raises LinkUsedUpError, with nothing kept, where a link for one had its customer meanwhile.
        """
        link = attempt.share_link
        earlier = _to_renew(link, attempt.client)
        asked = espi_scope.parse(attempt.scope).without_additional()
        granted = espi_scope.parse(token.scope).without_additional() if token.scope else asked
        with transaction.atomic():
            if link is not None and not link.take_use():
                raise LinkUsedUpError
            authorization = cls.objects.create(
                utility=attempt.client.utility,
                client=attempt.client,
                share_link=link,
                reference=link.reference if link else "",
                renews=earlier,
                renewal=cls.Renewal.WAITING if earlier else "",
                is_test=attempt.client.is_sandbox,
                browser_hash=attempt.browser_hash,
                asked_scope=attempt.scope,
                scope=espi_scope.build(granted),
                # A utility that grants a longer time than our page said does not make it so.
                expires_at=sooner(end_of(granted), end_of(asked)),
                access_token=token.access_token,
                refresh_token=token.refresh_token,
                access_expires_at=token.expires_at,
                resource_uri=token.resource_uri,
                authorization_uri=token.authorization_uri,
                customer_uri=token.customer_uri,
                next_pull_at=timezone.now(),
                pull_trigger=PullTrigger.FIRST,
                somebody_waits=True,
            )
            attempt.authorization = authorization
            attempt.save(update_fields=["authorization"])
            ConsentRecord.keep(attempt, authorization)
            authorization.tell("authorization_created")
        return authorization

    @classmethod
    def adopt(cls, found: ForeignAuthorization) -> Authorization:
        """Take over what the utility lists as given to this company and nobody here knew.

        It is due at once if the client's token opens it; else a Bulk feed has to bring it.
        """
        client = found.client
        with transaction.atomic():
            # Whoever comes second finds nothing to adopt any more.
            type(found).objects.select_for_update(of=("self",)).get(pk=found.pk)
            authorization = cls(
                utility=client.utility,
                client=client,
                origin=cls.Origin.ADOPTED,
                is_test=client.is_sandbox,
                scope=found.scope,
                expires_at=found.ends_at,
                resource_uri=found.resource_uri,
                authorization_uri=found.authorization_uri,
                customer_uri=found.customer_uri,
                pull_trigger=PullTrigger.FIRST,
            )
            if authorization.is_opened_by_client():
                authorization.next_pull_at = timezone.now()
            authorization.save()
            authorization.tell("authorization_created", origin=str(cls.Origin.ADOPTED))
            found.delete()
        return authorization

    @classmethod
    def for_file(cls, browser: str, utility: Utility | None, time_zone: str) -> Authorization:
        """Make room for what a customer brings; `time_zone` is a first guess, and may be blank."""
        with transaction.atomic():
            authorization = cls.objects.create(
                utility=utility,
                origin=cls.Origin.FILE,
                browser_hash=digest(browser),
                time_zone=time_zone,
                time_zone_is_proposed=True,
            )
            authorization.tell("authorization_created")
        return authorization


def _to_renew(link: ShareLink | None, client: Client) -> Authorization | None:
    """What a consent by this link is meant to go on with, at the utility where it was given.

    A link to one that was itself taken into an earlier one means that.
    """
    named = link.renews if link is not None else None
    if named is None or named.utility_id != client.utility_id:
        return None
    return named.merged_into or named

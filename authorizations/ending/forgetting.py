"""Forgetting: after a revocation, what is left of a consent is proof that it was given and ended.

What stays is listed; everything else goes. So a column that is added is forgotten unless somebody
decides otherwise here.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils import timezone

from authorizations.ending.receipts import RECEIPT
from authorizations.models import (
    Authorization,
    ConnectAttempt,
    ConsentRecord,
    EmailCode,
    Event,
    EventType,
    LinkSending,
    OutgoingEmail,
    ShareLink,
)
from utilities.staff import WHY

# Who, with whom, for what and when; no scope here ever carries AdditionalScope.
PROOF = {
    *("id", "uid", "utility", "client", "share_link", "origin", "is_test"),
    *("asked_scope", "scope", "customer_email_digest"),
    *("created", "expires_at", "archived_at", "status", "revoked_at", "revoked_by"),
    *("renews", "renewal", "renewal_said", "renewed_at"),
}
# Who may see the receipt: a browser by the hash of its cookie, or an account.
RECEIPT_OF = {"browser_hash", "owner", "claimed_at"}
# How ending it goes on: at the utility, whose address of the grant goes with the telling, and here.
ENDING = {
    *("tell_utility_at", "tell_tries", "utility_told_at", "tell_gave_up_at", "authorization_uri"),
    "grant_digest",
    *("purge_at", "lease_id", "leased_until"),
}
KEPT = PROOF | RECEIPT_OF | ENDING

# A link stays as what was sent, by whom and until when; not whom it was for.
KEPT_OF_LINK = {
    *("id", "uid", "code", "utility", "scope", "language", "customer_email_digest"),
    *("created", "created_by", "expires_at", "disabled_at", "single_use", "used_at", "renews"),
}

# What a link says of the one customer whom it was made for.
FOR_WHOM = ("authentication_value", "customer_email", "expected_account", "expected_address")

# A consent stays as what it was about; its sentences show a prefill, if masked.
KEPT_OF_CONSENT = {
    *("id", "uid", "authorization", "company_name", "utility_name", "link_uid"),
    *("text_version", "language", "scope_asked", "scope_granted"),
    *("shown_at", "agreed_at", "granted_at"),
}

# Their detail says who ended it, and which of our own e-mails was sent.
TELLING = (EventType.REVOKED, EventType.EMAIL_SENT, EventType.EMAIL_UNDELIVERED)


def forget(authorization: Authorization) -> None:
    """Delete all but the proof, of a row that is locked and revoked.

    1. The row's own columns: tokens, addresses, whatever the company called its customer; and those
       of the rows that are left of consents by which it was renewed.
    2. Whom its links were for; of those that nobody else came by, all that they say.
    3. The sentences that it was agreed to with; their version and the times stay.
    4. The attempts that led to it, codes on their way to its customer, and e-mails that wait (but
       not the receipt).
    5. What events say beside their type, and what staff wrote.
    """
    taken_in = authorization.renewals.filter(renewal=Authorization.Renewal.MERGED)
    keys = [authorization.pk, *taken_in.values_list("pk", flat=True)]
    Authorization.objects.filter(pk__in=keys).update(**emptied(Authorization, KEPT))
    waiting = Q(authorization__in=keys) & ~Q(kind=RECEIPT)
    attempts = Q(authorization=authorization)
    if links := _links_of(authorization, keys):
        # Whom a link was made for is no longer known, whoever else came by it.
        ShareLink.objects.filter(pk__in=links).update(**dict.fromkeys(FOR_WHOM, ""))
        LinkSending.objects.filter(link__in=links).delete()
        waiting |= Q(share_link__in=links)
    if alone := [link for link in links if is_alone(link, authorization)]:
        ShareLink.objects.filter(pk__in=alone).update(**emptied(ShareLink, KEPT_OF_LINK))
        # Those that are still on their way to the utility hold a hash and a scope.
        attempts |= Q(share_link__in=alone, authorization=None, expires_at__lte=timezone.now())
        forget_staffs_words(ShareLink, alone)
    on_their_way = ConnectAttempt.objects.filter(authorization=None, used_at=None)
    on_their_way.filter(Q(share_link__in=links) | _of_browser(authorization)).update(
        customer_email="", return_state=""
    )
    consents = ConsentRecord.objects.filter(authorization=authorization)
    consents.update(**emptied(ConsentRecord, KEPT_OF_CONSENT))
    OutgoingEmail.objects.filter(waiting).delete()
    ConnectAttempt.objects.filter(attempts | _in_vain(authorization)).delete()
    EmailCode.forget(authorization.customer_email_digest)
    told = Event.objects.filter(authorization__in=keys)
    told.exclude(type__in=TELLING).exclude(detail={}).update(detail={})
    forget_staffs_words(Authorization, keys)


def _links_of(authorization: Authorization, keys: list[int]) -> list[int]:
    """The link that it came by, and those by which it, or what was taken into it, was to be
    renewed."""
    links = list(ShareLink.objects.filter(renews__in=keys).values_list("pk", flat=True))
    if authorization.share_link_id is not None:
        links.append(authorization.share_link_id)
    return links


def is_alone(link: int, authorization: Authorization) -> bool:
    """Whether nobody else shares by this link, so that what it knows, it knows of this customer."""
    others = Authorization.objects.filter(share_link=link).exclude(pk=authorization.pk)
    return not others.exclude(status=Authorization.Status.REVOKED).exists()


def emptied(model: type[models.Model], kept: set[str]) -> dict[str, Any]:
    """Each column that is not kept, with what it holds where nothing is known."""
    return {
        field.name: _nothing(field)
        for field in model._meta.concrete_fields
        if field.name not in kept
    }


def _nothing(field: models.Field[Any, Any]) -> Any:
    if field.null:
        return None
    # Not the default of a text: that of a key would be a new key.
    return "" if isinstance(field, models.CharField | models.TextField) else field.get_default()


def _in_vain(authorization: Authorization) -> Q:
    """The same customer's attempts of which nothing came: the utility's words may name them."""
    is_over = Q(used_at__isnull=False) | Q(expires_at__lte=timezone.now())
    return _of_browser(authorization) & Q(is_over, authorization=None)


def _of_browser(authorization: Authorization) -> Q:
    """The attempts at this utility of the browser that it was made in."""
    if not authorization.browser_hash or authorization.utility_id is None:
        return Q(pk=None)
    return Q(browser_hash=authorization.browser_hash, client__utility=authorization.utility_id)


def forget_staffs_words(model: type[models.Model], keys: list[int]) -> None:
    """Leave of the staff's history who did what and when: the reasons may name a customer."""
    entries = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model),
        object_id__in=[str(key) for key in keys],
    )
    for entry in entries.filter(change_message__contains=WHY):
        entry.change_message = entry.change_message.partition(WHY)[0]
        entry.save(update_fields=["change_message"])
    # What a row was called when it was changed: of a link, its note.
    entries.update(object_repr=str(model._meta.verbose_name))


def tell_of_deletion(authorization: Authorization) -> None:
    """The timeline says that everything is deleted, once."""
    if not authorization.events.filter(type=EventType.DELETED).exists():
        Event.objects.create(type=EventType.DELETED, authorization=authorization)

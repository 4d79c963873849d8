"""What a visitor of the demo site has set up, said and heard; all of it goes within a day."""

from __future__ import annotations

import http.client
import json
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from authorizations.models import digest
from greenbutton.espi.addresses import MAX_LENGTH, keys
from utilities.client import GreenButtonClient, Listener, Token
from utilities.encrypted import EncryptedTextField
from utilities.models import Client, Utility, new_uid

# How long anything that a visitor pasted or fetched is kept.
KEPT_FOR = timedelta(hours=24)
# As for customers: people look for a bill.
STATE_LASTS = timedelta(minutes=60)
NOTICES_KEPT = 50
CONVERSATIONS_KEPT = 100
# Of a public client, for all who try it.
PUBLIC_NOTICES_KEPT = 1000


def in_a_day() -> datetime:
    """When what is made now is forgotten."""
    return timezone.now() + KEPT_FOR


def new_code() -> str:
    """The secret part of a notify address."""
    return get_random_string(22)


class VisitQuerySet(models.QuerySet["Visit"]):
    """Questions that pages and the clean-up ask."""

    def open(self) -> VisitQuerySet:
        """Those whose day is not over."""
        return self.filter(expires_at__gt=timezone.now())

    def over(self) -> VisitQuerySet:
        """Those that are to be forgotten."""
        return self.filter(expires_at__lte=timezone.now())


class Visit(models.Model):
    """One client, tried by one browser: what was pasted, and how far the flow has come."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    browser_hash = models.CharField(max_length=64, db_index=True)
    utility = models.ForeignKey(Utility, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=in_a_day, db_index=True)

    client_id = models.CharField(max_length=200)
    client_secret = EncryptedTextField()
    registration_token = EncryptedTextField(blank=True)
    # Whether it is one of our own public clients, whose secret the visitor never had.
    is_ready_made = models.BooleanField(default=False)

    # The request that is on its way, if any; its scope may carry a prefill.
    asked_scope = EncryptedTextField(blank=True)
    authorize_url = EncryptedTextField(blank=True)
    state_hash = models.CharField(max_length=64, blank=True, db_index=True)
    state_until = models.DateTimeField(null=True)
    pkce_verifier = EncryptedTextField(blank=True)
    # What the callback brought; the code stays until it is traded.
    came_back_at = models.DateTimeField(null=True)
    came_back_with = models.JSONField(default=dict)
    code = EncryptedTextField(blank=True)

    access_token = EncryptedTextField(blank=True)
    refresh_token = EncryptedTextField(blank=True)
    access_expires_at = models.DateTimeField(null=True)
    granted_scope = models.CharField(max_length=1000, blank=True)
    resource_uri = models.CharField(max_length=500, blank=True)
    authorization_uri = models.CharField(max_length=500, blank=True)
    customer_uri = models.CharField(max_length=500, blank=True)
    revoked_at = models.DateTimeField(null=True)

    # Where notices to this visit are posted.
    notify_code = models.CharField(max_length=64, unique=True, default=new_code, editable=False)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.client_id}, visit {self.uid}"

    @property
    def notify_url(self) -> str:
        """The address that a tester can register for notices (FB 39)."""
        return settings.PORTAL_URL + reverse("demo-notify", args=[self.notify_code])

    @property
    def known_secrets(self) -> list[str]:
        """What nobody may read on a page, longest first, so that no part of one is left over."""
        known = [
            self.client_secret,
            self.registration_token,
            self.code,
            self.pkce_verifier,
            self.access_token,
            self.refresh_token,
        ]
        return sorted(filter(None, known), key=len, reverse=True)

    @property
    def granted_addresses(self) -> list[str]:
        """The addresses of this visit's own grant, each spelt as a notice is looked up by."""
        uris = (self.resource_uri, self.authorization_uri, self.customer_uri)
        return [found[0] for uri in uris if uri and (found := keys(uri))]

    def registration(self) -> Client:
        """The pasted client as the door out takes it; it is no row, and never becomes one."""
        return Client(
            utility=self.utility,
            client_id=self.client_id,
            client_secret=self.client_secret,
            registration_token=self.registration_token,
        )

    def door(self, listener: Listener | None = None) -> GreenButtonClient:
        """The door to the utility, with this client."""
        return GreenButtonClient(self.registration(), listener)

    # -- the flow -----------------------------------------------------------------------------

    def ask(self, scope: str, redirect_uri: str) -> None:
        """Prepare a request, with a new state. An earlier one counts no more."""
        state = secrets.token_urlsafe(32)
        door = self.door()
        self.pkce_verifier = door.new_verifier()
        self.authorize_url = door.authorize_url(
            redirect_uri=redirect_uri,
            scope=scope,
            state=state,
            pkce_verifier=self.pkce_verifier,
        )
        self.asked_scope = scope
        self.state_hash, self.state_until = digest(state), timezone.now() + STATE_LASTS
        self.came_back_at, self.came_back_with, self.code = None, {}, ""
        self.save()

    @classmethod
    def spend(cls, state: str, browser: str) -> Visit | None:
        """The visit whose state this is, once; None if it is no open state of this browser."""
        if not state or not browser:
            return None
        mine = cls.objects.open().filter(
            state_hash=digest(state), browser_hash=digest(browser), state_until__gt=timezone.now()
        )
        with transaction.atomic():
            visit = mine.select_for_update(of=("self",)).select_related("utility").first()
            if visit is not None:
                visit.state_hash, visit.state_until = "", None
                visit.save(update_fields=["state_hash", "state_until"])
        return visit

    def came_back(self, brought: dict[str, str], code: str) -> None:
        """Keep what the callback brought: its parameters, masked, and the code to be traded."""
        self.came_back_at, self.came_back_with, self.code = timezone.now(), brought, code
        self.authorize_url = ""
        self.save(update_fields=["came_back_at", "came_back_with", "code", "authorize_url"])

    def take_code(self) -> str:
        """The code, which works once: it is gone from here before it is sent."""
        with transaction.atomic():
            row = type(self).objects.select_for_update(of=("self",)).get(pk=self.pk)
            code, row.code = row.code, ""
            row.save(update_fields=["code"])
        self.code = ""
        return code

    def keep_grant(self, token: Token) -> None:
        """What the code was traded for."""
        self.granted_scope = token.scope
        self.resource_uri = token.resource_uri
        self.authorization_uri = token.authorization_uri
        self.customer_uri = token.customer_uri
        self.revoked_at = None
        self.keep_token(token)

    def keep_token(self, token: Token) -> None:
        """New tokens; a refresh token that was not sent again stays good (RFC 6749 §6)."""
        self.access_token = token.access_token
        self.refresh_token = token.refresh_token or self.refresh_token
        self.access_expires_at = token.expires_at
        self.save()

    def end(self) -> None:
        """The grant was ended: its tokens are worth nothing."""
        self.revoked_at = timezone.now()
        self.access_token = self.refresh_token = ""
        self.access_expires_at = None
        self.save()

    def forget(self) -> None:
        """Delete the visit with all that was pasted, said, read and heard."""
        PublicNotice.objects.of(self).delete()
        self.delete()


class Conversation(models.Model):
    """One request to the utility and its answer, with every secret masked before it is kept.

    `said` is JSON: what was sent and received, as `masking.shown` makes it. It is encrypted, since
    it holds what a customer, if only one of the tests, has at the utility.
    """

    class Step(models.TextChoices):
        TRADE = "trade", "Trade the code"
        REFRESH = "refresh", "Refresh"
        CLIENT_TOKEN = "client_token", "Client token"
        EXPLORE = "explore", "Read"
        REVOKE = "revoke", "End the grant"

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="conversations")
    number = models.PositiveIntegerField()
    step = models.CharField(max_length=16, choices=Step)
    at = models.DateTimeField(default=timezone.now)
    method = models.CharField(max_length=8)
    # The path below the utility's address, for the list.
    title = models.CharField(max_length=300)
    status = models.IntegerField(null=True)
    seconds = models.FloatField()
    error = models.CharField(max_length=64, blank=True)
    said = EncryptedTextField()
    # What the portal's own reader made of the document; JSON, empty where there was none.
    read = EncryptedTextField(blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "number"], name="one_conversation_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.title}"

    @property
    def is_good(self) -> bool:
        """Whether the utility did what it was asked for; 202 only says that it will."""
        return self.status is not None and 200 <= self.status < 300 and not self.is_put_off

    @property
    def is_put_off(self) -> bool:
        """Whether the same can be asked for again later."""
        return self.status in {202, 429, 503}

    @property
    def reason(self) -> str:
        """What the status is called; empty for one that nobody has named."""
        return http.client.responses.get(self.status or 0, "")

    @property
    def words(self) -> dict[str, Any]:
        """What was said, as `masking.shown` made it."""
        said: dict[str, Any] = json.loads(self.said)
        return said

    @property
    def parsed(self) -> dict[str, Any] | None:
        """What the reader made of it, as `reading.read` made it."""
        return json.loads(self.read) if self.read else None

    @classmethod
    def keep(cls, visit: Visit, **values: Any) -> Conversation:
        """Write down the next one of a visit."""
        with transaction.atomic():
            Visit.objects.select_for_update(of=("self",)).only("pk").get(pk=visit.pk)
            number = (visit.conversations.aggregate(last=Max("number"))["last"] or 0) + 1
            visit.conversations.filter(number__lte=number - CONVERSATIONS_KEPT).delete()
            return cls.objects.create(visit=visit, number=number, **values)


class Notice(models.Model):
    """What was posted to a visit's notify address: kept as it came, and never followed."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="notices")
    at = models.DateTimeField(default=timezone.now)
    content_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveIntegerField()
    body = EncryptedTextField(blank=True)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"notice of {self.size} bytes"


class PublicNoticeQuerySet(models.QuerySet["PublicNotice"]):
    """Whose they are."""

    def of(self, visit: Visit) -> PublicNoticeQuerySet:
        """Those that name something of this visit's own grant; none of a client that was pasted."""
        if not visit.is_ready_made:
            return self.none()
        return self.filter(
            client__utility=visit.utility,
            client__client_id=visit.client_id,
            keys__overlap=visit.granted_addresses,
        )


class PublicNotice(models.Model):
    """An address that a utility named in a notice to one of our public clients.

    All who try the client share its notify address, and a notice may come before its visit has
    traded the code and knows what was granted. So it waits here, an address a row and without the
    rest of what was posted, until the visit whose grant it names looks for it: nobody else sees it.
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    address = models.CharField(max_length=MAX_LENGTH)
    # What it is looked up by, as `greenbutton.espi.addresses.keys` makes them.
    keys = ArrayField(models.CharField(max_length=MAX_LENGTH))

    objects = PublicNoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"notice to {self.client_id}"

    @staticmethod
    def keep(client: Client, addresses: Iterable[str]) -> None:
        """Write down what was named; what is none of the utility's addresses is passed over."""
        rows = [
            PublicNotice(client=client, address=address, keys=list(found))
            for address in addresses
            if len(address) <= MAX_LENGTH
            and client.utility.owns(address)
            and (found := keys(address))
        ]
        with transaction.atomic():
            PublicNotice.objects.bulk_create(rows)
            mine = PublicNotice.objects.filter(client=client)
            oldest = mine.values_list("pk", flat=True)[PUBLIC_NOTICES_KEPT:]
            PublicNotice.objects.filter(pk__in=list(oldest)).delete()

"""A registration as ESPI's ApplicationInformation: the same truth as its pages, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from greenbutton.espi import Entry, Finding, write_feed
from greenbutton.espi.application_information import ApplicationInformation
from greenbutton.espi.enums import (
    DataCustodianApplicationStatus,
    GrantType,
    ThirdPartyApplicationStatus,
)
from utilities.sandbox.documents import entry_id
from utilities.sandbox.documents.certificate import CERTIFICATE
from utilities.sandbox.models import RESOURCES, Registration

COLLECTION = f"{RESOURCES}/ApplicationInformation"
# Hundreds of times what a company has to say.
MAX_BYTES = 256 * 1024
# The Atom entry around what is sent may be bare: its id and dates are ours to give.
PASSED_OVER = {"entry.no_id", "entry.no_date"}
GRANT_TYPES = (
    GrantType.AUTHORIZATION_CODE.value,
    GrantType.REFRESH_TOKEN.value,
    GrantType.CLIENT_CREDENTIALS.value,
)
Review = Registration.Review
# A rejected company is at the review still: it may ask for another one.
CUSTODIAN_STATUS = {
    Review.WAITING: DataCustodianApplicationStatus.REVIEW,
    Review.REJECTED: DataCustodianApplicationStatus.REVIEW,
    Review.APPROVED: DataCustodianApplicationStatus.PRODUCTION,
    Review.HELD: DataCustodianApplicationStatus.ON_HOLD,
    Review.REVOKED: DataCustodianApplicationStatus.REVOKED,
}


class DocumentError(ValueError):
    """A document that cannot be taken. The text is a sentence."""


def custodian_status(registration: Registration) -> DataCustodianApplicationStatus:
    """What the utility makes of the company."""
    return CUSTODIAN_STATUS[Review(registration.review)]


def third_party_status(registration: Registration) -> ThirdPartyApplicationStatus:
    """What the company makes of itself. One that was sent back is under development again."""
    if registration.removed_at is not None:
        return ThirdPartyApplicationStatus.REMOVE
    if registration.status == Registration.Status.LIVE:
        return ThirdPartyApplicationStatus.LIVE
    if registration.review == Review.REJECTED:
        return ThirdPartyApplicationStatus.DEVELOPMENT
    return ThirdPartyApplicationStatus.REVIEW


def entry(registration: Registration) -> Entry:
    """The registration in its Atom entry."""
    return Entry(
        id=entry_id(registration.application_url),
        title="ApplicationInformation",
        self_href=registration.application_url,
        up=COLLECTION,
        related=(CERTIFICATE,),
        published=registration.created_at,
        updated=registration.updated_at,
        resource=_resource(registration),
    )


def feed(registration: Registration, now: datetime) -> Iterator[bytes]:
    """The registrations that one registration token opens: its own."""
    return write_feed(
        [entry(registration)],
        self_href=COLLECTION,
        title="ApplicationInformation",
        updated=now,
        id=entry_id(f"{COLLECTION}#{registration.client_id}"),
    )


def _resource(registration: Registration) -> ApplicationInformation:
    programme = registration.programme
    return ApplicationInformation(
        data_custodian_id=programme.utility_id,
        data_custodian_application_status=custodian_status(registration),
        third_party_application_description=registration.purpose or None,
        third_party_application_status=third_party_status(registration),
        third_party_application_type=registration.application_type,
        third_party_application_use=registration.application_use,
        third_party_phone=registration.phone or None,
        authorization_server_uri=programme.issuer,
        # The schema wants the element; without a notify URL it is empty, which it allows.
        third_party_notify_uri=registration.notify_uri,
        authorization_server_authorization_endpoint=programme.authorize_url,
        authorization_server_registration_endpoint=programme.registration_url,
        authorization_server_token_endpoint=programme.token_url,
        data_custodian_bulk_request_uri=registration.bulk_uri,
        data_custodian_resource_endpoint=RESOURCES,
        # Deprecated, but the certification's schema wants both selection screens.
        third_party_scope_selection_screen_uri=registration.scope_selection_uri,
        third_party_user_portal_screen_uri=registration.user_portal_uri or None,
        client_secret=registration.client_secret,
        logo_uri=registration.logo_uri or None,
        client_name=registration.company_name,
        client_uri=registration.website or None,
        redirect_uris=tuple(registration.redirect_uris),
        client_id=registration.client_id,
        tos_uri=registration.tos_uri or None,
        policy_uri=registration.policy_uri or None,
        # Required by the schema; a company that has not said is told apart by its own id.
        software_id=registration.software_id or registration.client_id,
        software_version=registration.software_version or "1",
        client_id_issued_at=int(registration.created_at.timestamp()),
        client_secret_expires_at=0,
        contacts=tuple(registration.contacts),
        token_endpoint_auth_method=programme.token_auth_methods[0],
        scopes=(registration.default_scope,),
        grant_types=GRANT_TYPES,
        response_types="code",
        registration_client_uri=registration.application_url,
        registration_access_token=registration.registration_access_token,
        data_custodian_scope_selection_screen_uri=programme.authorize_url,
    )


def check(findings: Iterable[Finding]) -> None:
    """Raise DocumentError where anything in a document is odd: it is read strictly."""
    for finding in findings:
        if finding.code not in PASSED_OVER:
            raise DocumentError(finding.detail)


def details(sent: ApplicationInformation, registration: Registration) -> dict[str, Any]:
    """What of it the company may change, by the names of `forms.Metadata`.

    The whole of it, as a PUT means it (RFC 9110 §9.3.4): what was left out is empty from now on.
    Everything that is the utility's to say is passed over, since a company sends back what it read.
    Raises DocumentError where it speaks of another client.
    """
    if (sent.client_id or registration.client_id) != registration.client_id:
        raise DocumentError("The client_id is another client's.")
    if (sent.client_secret or registration.client_secret) != registration.client_secret:
        raise DocumentError("The client_secret is not this client's; it cannot be chosen.")
    if len(sent.scopes) > 1:
        raise DocumentError("One scope is kept as the default; several were sent.")
    methods = registration.programme.token_auth_methods
    if sent.token_endpoint_auth_method not in {None, *methods}:
        raise DocumentError(f"token_endpoint_auth_method must be {' or '.join(methods)}.")
    return {
        "company_name": sent.client_name,
        "email": next(iter(sent.contacts), ""),
        "more_contacts": list(sent.contacts[1:]),
        "phone": sent.third_party_phone,
        "website": sent.client_uri,
        "purpose": sent.third_party_application_description,
        "redirect_uris": list(sent.redirect_uris),
        "notify_uri": sent.third_party_notify_uri,
        "default_scope": next(iter(sent.scopes), ""),
        # Not in this document: it stays.
        "requires_pkce": registration.requires_pkce,
        "software_id": _unless(sent.software_id, registration.client_id),
        "software_version": sent.software_version,
        "application_type": sent.third_party_application_type,
        "application_use": sent.third_party_application_use,
        "logo_uri": sent.logo_uri,
        "tos_uri": sent.tos_uri,
        "policy_uri": sent.policy_uri,
        "scope_selection_uri": sent.third_party_scope_selection_screen_uri,
        "user_portal_uri": sent.third_party_user_portal_screen_uri,
    }


def _unless(said: str | None, ours: str) -> str | None:
    """What was said, unless it is what we said for a company that had not."""
    return None if said == ours else said

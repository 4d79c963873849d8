"""A link on its way to its customer, by e-mail."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation

from authorizations import emails, flows
from authorizations.connecting.consent_text import consent_text
from authorizations.models import LinkSending, OutgoingEmail, ShareLink


def send_link(link: ShareLink, by: User, to: str = "") -> OutgoingEmail:
    """Queue the link for its customer; an address that is given is kept as theirs.

    Raises ValidationError, with a sentence, for a closed link, an address that is none, and what
    is too much for a day. The rows are counted, so the limit holds without Redis, too.
    """
    with transaction.atomic():
        row = ShareLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
        _check(row, by)
        address = to.strip() or row.customer_email
        if not address:
            raise ValidationError("There is no e-mail address. Type one.")
        row.customer_email = emails.checked_address(address)
        row.save()
        LinkSending.objects.create(link=row, by=by)
        with translation.override(row.language):
            return emails.send("share_link", row.customer_email, _context(row), link=row)


def _check(link: ShareLink, by: User) -> None:
    if not link.is_open():
        raise ValidationError("This link is closed. Make a new one.")
    # Locked with the link, so that its own limit is exact; a person's is near enough.
    today = LinkSending.of_today()
    if today.filter(link=link).count() >= settings.LINK_EMAILS_A_DAY_PER_LINK:
        raise ValidationError(
            "This link was sent often enough today. Perhaps the address is wrong, or the e-mail is "
            "among the junk. Try again tomorrow, or copy the link."
        )
    if today.filter(by=by).count() >= settings.LINK_EMAILS_A_DAY_PER_STAFF:
        raise ValidationError("You have sent as many e-mails today as one person may.")


def _context(link: ShareLink) -> dict[str, object]:
    context: dict[str, object] = {"link": link, "url": link.url, "utility": link.utility}
    if link.utility is None:
        return context
    try:
        client = flows.client_of(link.utility)
    except flows.ConnectError as e:
        raise ValidationError(e.to_customer) from e
    asked = flows.asked_scope(client, link)
    return {**context, "consent": consent_text(client.company_name, link.utility.name, asked)}

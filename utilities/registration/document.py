"""The ApplicationInformation itself: found, read strictly, and written back with a change."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO

from greenbutton.espi import Entry, EspiError, Finding, read_feed, write_entry
from greenbutton.espi.application_information import ApplicationInformation
from utilities.client import GreenButtonClient, Problem, UtilityError, of_status
from utilities.models import Client

logger = logging.getLogger(__name__)

# Hundreds of times what a registration has to say.
MAX_BYTES = 256 * 1024
# As long as the column that keeps it.
LONGEST_ADDRESS = 500
# Two answers in one: nobody can say which is meant.
REFUSED = {"element.repeated", "entry.several_resources"}
# Of these nothing is lost when the document is written anew.
HARMLESS = {"entry.no_id", "entry.no_date", "entry.misplaced_date", "enum.unknown"}
# A utility that takes no changes by a program (RFC 9110 §15.5.5, §15.5.6, §15.6.2).
NO_SUCH_WAY = {of_status(404), of_status(405), of_status(501)}

Information = ApplicationInformation


class RegistrationError(Exception):
    """What could not be done with our registration; the text tells staff why, and what to do."""


class NotThereError(RegistrationError):
    """There is nothing at the address."""


class NoSuchWayError(RegistrationError):
    """The utility takes no changes by a program, or not this one: staff make it on its page."""


@dataclass(frozen=True, slots=True)
class Document:
    """The entry about our registration, and where it is read and changed. It holds secrets."""

    entry: Entry
    said: Information
    findings: list[Finding]
    address: str


def read(client: Client) -> Document:
    """The document about our registration, from its own address or out of the list of ours.

    Raises RegistrationError.
    """
    if not client.registration_token:
        raise RegistrationError(
            "We have no registration access token, which opens our details at the utility. Paste "
            "it where you see how the utility sees the client, if the utility gives one."
        )
    if client.application_url:
        try:
            return _read_at(client, client.application_url)
        except NotThereError:
            logger.warning("%s: its ApplicationInformation has moved", client.client_id)
    return _read_at(client, f"{client.utility.resource_url.rstrip('/')}/ApplicationInformation")


def change(client: Client, wanted: Callable[[Information], Information]) -> Information:
    """PUT the utility's own document with a change; what was left as it is stays so.

    Raises RegistrationError.
    """
    document = read(client)
    after = wanted(document.said)
    if after == document.said:
        return after
    if lost := [one.detail for one in document.findings if one.code not in HARMLESS]:
        raise NoSuchWayError(
            "The document has parts that we cannot write back as they are, so that it is left "
            f"alone: make the change on the utility's page. {lost[0]}"
        )
    body = write_entry(replace(document.entry, resource=after))
    try:
        GreenButtonClient(client).send_document(
            "PUT", document.address, token="registration", body=body
        )
    except UtilityError as e:
        says = f"{client.utility} did not take the change. {e.to_log}"
        raise (NoSuchWayError if e.code in NO_SUCH_WAY else RegistrationError)(says) from e
    return after


def _read_at(client: Client, address: str) -> Document:
    try:
        body = GreenButtonClient(client).read_document(
            address, token="registration", max_bytes=MAX_BYTES
        )
    except UtilityError as e:
        raise _unread(client, e) from e
    feed = read_feed(BytesIO(body), max_bytes=MAX_BYTES, quick=False)
    try:
        entries = list(feed)
    except EspiError as e:
        raise RegistrationError(f"What {client.utility} sent cannot be read: {e.says}") from e
    return _chosen(client, entries, list(feed.findings), address)


def _unread(client: Client, error: UtilityError) -> RegistrationError:
    if error.code == Problem.HTTP_404:
        return NotThereError(f"{client.utility} has no such document. {error.to_log}")
    if error.code in {Problem.HTTP_401, Problem.HTTP_403}:
        return RegistrationError(
            f"{client.utility} does not accept our registration token. Look it up on the utility's "
            f"page, and paste it as a new one. {error.to_log}"
        )
    return RegistrationError(f"{client.utility} did not answer as hoped. {error.to_log}")


def _chosen(
    client: Client, entries: list[Entry], findings: list[Finding], address: str
) -> Document:
    """The one entry that is about this client; the token may open others of ours."""
    for finding in findings:
        if finding.code in REFUSED:
            raise RegistrationError(f"The document can be read in two ways: {finding.detail}")
    ours = [
        Document(entry, entry.resource, findings, _own_address(client, entry, address))
        for entry in entries
        if isinstance(entry.resource, Information) and entry.resource.client_id == client.client_id
    ]
    if len(ours) != 1:
        how_often = "several times" if ours else "nowhere"
        raise RegistrationError(
            f"{client.utility} sent a document in which {client.client_id} stands {how_often}."
        )
    return ours[0]


def _own_address(client: Client, entry: Entry, asked: str) -> str:
    """Where the entry says that it lies, if that is the utility's; else where it was read."""
    own = entry.self_href or ""
    return own if len(own) <= LONGEST_ADDRESS and client.utility.owns(own) else asked

from dataclasses import dataclass

from greenbutton.espi.customer.electronic_address import ELECTRONIC_ADDRESS, ElectronicAddress
from greenbutton.espi.customer.identified_object import IDENTIFIED, IdentifiedObject
from greenbutton.espi.customer.status import STATUS, Status
from greenbutton.espi.shape import SECONDS, TEXT, Field


@dataclass(frozen=True, slots=True)
class Document(IdentifiedObject):
    """customer.xsd Document, which an account and an agreement are. Times in UTC seconds.

    `doc_status` is of the paper, `status` of what the paper is about.
    """

    type: str | None = None
    author_name: str | None = None
    created_date_time: int | None = None
    last_modified_date_time: int | None = None
    revision_number: str | None = None
    electronic_address: ElectronicAddress | None = None
    subject: str | None = None
    title: str | None = None
    doc_status: Status | None = None
    status: Status | None = None
    comment: str | None = None


DOCUMENT = (
    *IDENTIFIED,
    Field("type", "type", TEXT),
    Field("authorName", "author_name", TEXT),
    Field("createdDateTime", "created_date_time", SECONDS),
    Field("lastModifiedDateTime", "last_modified_date_time", SECONDS),
    Field("revisionNumber", "revision_number", TEXT),
    Field("electronicAddress", "electronic_address", ELECTRONIC_ADDRESS),
    Field("subject", "subject", TEXT),
    Field("title", "title", TEXT),
    Field("docStatus", "doc_status", STATUS),
    Field("status", "status", STATUS),
    Field("comment", "comment", TEXT),
)

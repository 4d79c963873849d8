from dataclasses import dataclass

from greenbutton.espi.customer.document import DOCUMENT, Document
from greenbutton.espi.customer.enums import NotificationMethodKind
from greenbutton.espi.customer.organisation import ORGANISATION, Organisation
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import NUMBER, SECONDS, TEXT, Field, Shape, word


@dataclass(frozen=True, slots=True)
class AccountNotification:
    """customer.xsd AccountNotification. `method_kind` is a NotificationMethodKind."""

    method_kind: str | None = None
    time: int | None = None
    note: str | None = None
    customer_notification_kind: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerAccount(Document):
    """customer.xsd CustomerAccount: what is billed together.

    `account_id` is ESPI 4.0's; older feeds have the number in `name`. `last_bill_amount` is raw:
    the schema gives it no scale and no currency.
    """

    billing_cycle: str | None = None
    budget_bill: str | None = None
    last_bill_amount: int | None = None
    notifications: tuple[AccountNotification, ...] = ()
    contact_info: Organisation | None = None
    account_id: str | None = None


NOTIFICATION = Shape(
    AccountNotification,
    Field("methodKind", "method_kind", word(NotificationMethodKind)),
    Field("time", "time", SECONDS),
    Field("note", "note", TEXT),
    Field("customerNotificationKind", "customer_notification_kind", TEXT),
    namespace=CUSTOMER,
).nested()
SHAPE = Shape(
    CustomerAccount,
    *DOCUMENT,
    Field("billingCycle", "billing_cycle", TEXT),
    Field("budgetBill", "budget_bill", TEXT),
    Field("lastBillAmount", "last_bill_amount", NUMBER),
    Field("notifications", "notifications", NOTIFICATION, many=True),
    Field("contactInfo", "contact_info", ORGANISATION),
    Field("accountId", "account_id", TEXT),
    namespace=CUSTOMER,
    through=("document",),
)
read = SHAPE.read
write = SHAPE.write

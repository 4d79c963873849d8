from greenbutton.espi.customer.customer_account import AccountNotification, CustomerAccount
from greenbutton.espi.customer.organisation import Organisation
from greenbutton.espi.customer.status import Status
from tests.greenbutton.espi.customer.documents import findings_in, read_one

DOCUMENT = "<type>T</type><docStatus><value>Active</value></docStatus>"


def test_an_account_is_read_with_its_number_in_either_place() -> None:
    assert read_one("CustomerAccount", "<name>2-00-111</name>") == CustomerAccount("2-00-111")
    inner = "<accountId>2-00-111</accountId>"
    assert read_one("CustomerAccount", inner) == CustomerAccount(account_id="2-00-111")


def test_what_it_inherits_is_read_as_4_0_and_as_the_draft_of_4_1_write_it() -> None:
    read = CustomerAccount(type="T", doc_status=Status("Active"), billing_cycle="7")
    for inherited in (DOCUMENT, f"<document>{DOCUMENT}</document>"):
        inner = f"{inherited}<billingCycle>7</billingCycle>"
        assert read_one("CustomerAccount", inner) == read
        assert findings_in("CustomerAccount", inner) == []


def test_notifications_and_the_contact_are_read() -> None:
    inner = (
        "<lastBillAmount>-12</lastBillAmount>"
        "<notifications><methodKind>email</methodKind><note>A</note></notifications>"
        "<notifications><methodKind>pigeon</methodKind></notifications>"
        "<contactInfo><organisationName>Ada</organisationName></contactInfo>"
    )
    assert read_one("CustomerAccount", inner) == CustomerAccount(
        last_bill_amount=-12,
        notifications=(AccountNotification("email", note="A"), AccountNotification("pigeon")),
        contact_info=Organisation(organisation_name="Ada"),
    )
    assert [one.code for one in findings_in("CustomerAccount", inner)] == ["enum.unknown_word"]

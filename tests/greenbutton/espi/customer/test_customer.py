from greenbutton.espi.customer.customer import Customer
from greenbutton.espi.customer.electronic_address import ElectronicAddress
from greenbutton.espi.customer.organisation import Organisation
from greenbutton.espi.customer.status import Priority, Status
from greenbutton.espi.customer.telephone_number import TelephoneNumber
from tests.greenbutton.espi.customer.documents import findings_in, read_one
from tests.greenbutton.espi.documents import entry, feed, read_all

ORGANISATION = (
    "<phone1><areaCode>555</areaCode><localNumber>0100</localNumber></phone1>"
    "<electronicAddress><email1>ada@example.com</email1><password>hush</password>"
    "</electronicAddress><organisationName>Ada Ltd</organisationName>"
)
REACHED = Organisation(
    phone1=TelephoneNumber(area_code="555", local_number="0100"),
    electronic_address=ElectronicAddress(email1="ada@example.com"),
    organisation_name="Ada Ltd",
)


def test_a_customer_of_espi_4_is_read_whole() -> None:
    inner = (
        f"<Organisation>{ORGANISATION}</Organisation><kind>residential</kind><vip>false</vip>"
        "<status><value>active</value><dateTime>1700000000</dateTime></status>"
        "<priority><rank>1</rank></priority><customerName>Ada</customerName>"
    )
    assert read_one("Customer", inner) == Customer(
        organisation=REACHED,
        kind="residential",
        vip=False,
        status=Status("active", 1_700_000_000),
        priority=Priority(1),
        customer_name="Ada",
    )
    (finding,) = findings_in("Customer", inner)
    assert finding.detail.startswith("password is an element that is not read")


def test_before_espi_4_the_name_is_what_identifies() -> None:
    assert read_one("Customer", "<name> ACME INDUSTRIES </name>") == Customer("ACME INDUSTRIES")


def test_the_draft_of_espi_4_1_spells_the_organisation_small() -> None:
    inner = f"<organisation>{ORGANISATION}</organisation>"
    assert read_one("Customer", inner) == Customer(organisation=REACHED)


def test_nobodys_password_is_read() -> None:
    inner = f"<Organisation>{ORGANISATION}</Organisation>"
    assert "hush" not in repr(read_one("Customer", inner))


def test_a_kind_of_no_schema_is_kept_and_the_finding_does_not_say_it() -> None:
    inner = "<kind>14 Main Street</kind>"
    assert read_one("Customer", inner) == Customer(kind="14 Main Street")
    (finding,) = findings_in("Customer", inner)
    assert finding.code == "enum.unknown_word"
    assert "Main" not in finding.detail


def test_elements_of_the_usage_schema_are_not_the_customers() -> None:
    inner = '<name xmlns="http://naesb.org/espi">N</name>'
    assert read_one("Customer", inner) == Customer()
    (found,) = read_all(feed(entry("<espi:Customer><espi:name>N</espi:name></espi:Customer>")))
    assert not isinstance(found.resource, Customer)

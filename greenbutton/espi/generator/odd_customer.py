"""A customer in the same document as the usage, which the customer schema advises against."""

from collections.abc import Iterator

from greenbutton.espi.generator.part import Part
from greenbutton.espi.generator.tidy import BASE

ROOT = f"{BASE}/RetailCustomer/1/Customer"

CUSTOMER = """\
      <Customer xmlns="http://naesb.org/espi/customer">
        <kind>residential</kind>
        <customerName>Ada Example</customerName>
      </Customer>
"""
ACCOUNT = """\
      <CustomerAccount xmlns="http://naesb.org/espi/customer">
        <billingCycle>7</billingCycle>
        <lastBillAmount>4025000</lastBillAmount>
        <accountId>1002003004</accountId>
      </CustomerAccount>
"""
AGREEMENT = """\
      <CustomerAgreement xmlns="http://naesb.org/espi/customer">
        <signDate>1577854800</signDate>
        <currency>124</currency>
        <agreementId>AG-{number}</agreementId>
      </CustomerAgreement>
"""
LOCATION = """\
      <ServiceLocation xmlns="http://naesb.org/espi/customer">
        <mainAddress>
          <streetDetail>
            <number>{number}</number>
            <name>Sample Street</name>
          </streetDetail>
          <townDetail>
            <name>Sault Ste. Marie</name>
            <stateOrProvince>ON</stateOrProvince>
            <country>CA</country>
          </townDetail>
          <postalCode>P6A 0A0</postalCode>
        </mainAddress>
        <UsagePoints>
          <UsagePoint>{usage_point}</UsagePoint>
        </UsagePoints>
      </ServiceLocation>
"""
SUPPLIER = """\
      <ServiceSupplier xmlns="http://naesb.org/espi/customer">
        <kind>utility</kind>
      </ServiceSupplier>
"""
METER = """\
      <Meter xmlns="http://naesb.org/espi/customer">
        <type>Electricity meter</type>
        <serialNumber>M{number:07}</serialNumber>
        <intervalLength>3600</intervalLength>
      </Meter>
"""


def with_customer(entries: Iterator[Part]) -> Iterator[Part]:
    """The feed, then the customer with an agreement for each usage point."""
    usage_points = []
    at = 0
    for part in entries:
        if part.kind == "UsagePoint":
            usage_points.append(part.href)
            at = part.at
        yield part
    account = f"{ROOT}/1/CustomerAccount"
    agreements = f"{account}/1/CustomerAgreement"
    yield _part("Customer", f"{ROOT}/1", at, CUSTOMER, related=(account,))
    yield _part("CustomerAccount", f"{account}/1", at, ACCOUNT, related=(agreements,))
    for number, usage_point in enumerate(usage_points, 1):
        agreement = f"{agreements}/{number}"
        suppliers = f"{agreement}/ServiceSupplier"
        locations = f"{agreement}/ServiceLocation"
        meters = f"{locations}/{number}/Meter"
        payload = AGREEMENT.format(number=number)
        yield _part("CustomerAgreement", agreement, at, payload, related=(locations, suppliers))
        payload = LOCATION.format(number=number, usage_point=usage_point)
        yield _part("ServiceLocation", f"{locations}/{number}", at, payload, related=(meters,))
        yield _part("ServiceSupplier", f"{suppliers}/1", at, SUPPLIER)
        yield _part("Meter", f"{meters}/1", at, METER.format(number=number))


def _part(kind: str, href: str, at: int, payload: str, related: tuple[str, ...] = ()) -> Part:
    up = href.rpartition("/")[0]
    return Part(kind, href, up, related, kind, at, (payload.encode(),), prefix="cust")

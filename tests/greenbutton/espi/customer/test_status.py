from greenbutton.espi.customer.customer import Customer
from greenbutton.espi.customer.status import Status
from tests.greenbutton.espi.customer.documents import findings_in, read_one


def test_a_status_of_plain_text_is_its_value_and_that_is_said() -> None:
    inner = "<status>active</status>"
    assert read_one("Customer", inner) == Customer(status=Status("active"))
    assert [finding.code for finding in findings_in("Customer", inner)] == ["status.plain_text"]


def test_a_status_that_says_nothing_is_none() -> None:
    for inner in ("<status/>", "<status> </status>", "<status><value/></status>"):
        assert read_one("Customer", inner) == Customer()
        assert findings_in("Customer", inner) == []

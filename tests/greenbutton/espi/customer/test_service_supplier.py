from greenbutton.espi.customer.service_supplier import ServiceSupplier
from tests.greenbutton.espi.customer.documents import findings_in, read_one


def test_a_supplier_is_read_as_sce_sends_it() -> None:
    inner = "<kind>mdma</kind><issuerIdentificationNumber>SCE</issuerIdentificationNumber>"
    assert read_one("ServiceSupplier", inner) == ServiceSupplier(
        kind="mdma", issuer_identification_number="SCE"
    )
    assert findings_in("ServiceSupplier", inner) == []

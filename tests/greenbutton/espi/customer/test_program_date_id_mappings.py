from greenbutton.espi.customer.program_date_id_mappings import (
    ProgramDateIdMapping,
    ProgramDateIdMappings,
)
from tests.greenbutton.espi.customer.documents import read_one


def test_the_codes_of_programmes_are_read() -> None:
    inner = (
        "<programDateIdMapping><programDateType>CUST_DR_PROGRAM_ENROLLMENT_DATE</programDateType>"
        "<code>7</code><name>N</name></programDateIdMapping>"
    )
    assert read_one("ProgramDateIdMappings", inner) == ProgramDateIdMappings(
        program_date_id_mappings=(
            ProgramDateIdMapping("CUST_DR_PROGRAM_ENROLLMENT_DATE", "7", "N"),
        )
    )

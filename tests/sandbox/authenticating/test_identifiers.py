"""Forgiving about how something is written, strict about what it says."""

from datetime import date
from decimal import Decimal

import pytest

from utilities.sandbox.authenticating import identifiers
from utilities.sandbox.programmes import get_programme

SVCE = get_programme("svce")
PUC = get_programme("ssmpuc")
EL_CAMINO = "333 W EL CAMINO REAL STE 600, SUNNYVALE CA 94087"


@pytest.mark.parametrize(
    "written",
    [
        "111-111-1111",
        "1111111111",
        "(111) 111 1111",
        "+1 111 111 1111",
        "1-111-111-1111",
        "111.111.1111 ",
        "１１１-111-1111",
    ],
)
def test_a_phone_number_is_compared_by_its_national_digits(written: str) -> None:
    assert identifiers.key("phone", written, SVCE) == "1111111111"


@pytest.mark.parametrize("written", ["111-111-1112", "111-111-111", "+44 111 111 1111", "none"])
def test_another_phone_number_is_another_number(written: str) -> None:
    assert identifiers.key("phone", written, SVCE) != "1111111111"


@pytest.mark.parametrize(
    "written",
    [
        EL_CAMINO.lower(),
        "333 W El Camino Real, Suite 600, Sunnyvale, CA 94087",
        "333 West El Camino Real #600 Sunnyvale CA 94087",
        "  333 W. EL CAMINO REAL   UNIT 600\nSUNNYVALE, California 94087 ",
        "333 w el camino real ste600, sunnyvale ca 94087-1234",
    ],
)
def test_an_address_ignores_case_punctuation_and_the_word_for_the_unit(written: str) -> None:
    assert identifiers.key("address", written, SVCE) == identifiers.key("address", EL_CAMINO, SVCE)


@pytest.mark.parametrize(
    "written",
    [
        EL_CAMINO.replace("600", "601"),
        EL_CAMINO.replace("333", "33"),
        EL_CAMINO.replace(" STE 600", ""),
        "SUNNYVALE CA 94087",
    ],
)
def test_another_unit_or_street_is_another_address(written: str) -> None:
    assert identifiers.key("address", written, SVCE) != identifiers.key("address", EL_CAMINO, SVCE)


def test_a_canadian_postal_code_may_be_written_without_its_blank() -> None:
    home = "18 Maple Lane, Sault Ste. Marie ON P6A 0A1"
    assert identifiers.key("address", home.replace("P6A 0A1", "p6a0a1"), PUC) == identifiers.key(
        "address", home, PUC
    )


def test_an_email_ignores_case_only() -> None:
    ada = identifiers.key("email", "ada.l@example.com", SVCE)
    assert identifiers.key("email", " ADA.L@Example.COM ", SVCE) == ada
    assert identifiers.key("email", "adal@example.com", SVCE) != ada


def test_an_account_number_ignores_blanks_and_case_but_not_its_hyphen() -> None:
    puc = identifiers.key("lastbill", "APUC0000-00", PUC)
    assert identifiers.key("lastbill", " apuc 0000 -00", PUC) == puc
    assert identifiers.key("lastbill", "APUC0000–00", PUC) == puc
    assert identifiers.key("lastbill", "APUC000000", PUC) != puc


@pytest.mark.parametrize("type", ["phone", "email", "address", "account", "test", "lastbill"])
@pytest.mark.parametrize("written", ["", "   ", "\0"])
def test_nothing_is_no_identifier(type: str, written: str) -> None:  # noqa: A002
    assert identifiers.key(type, written, SVCE) == ""


@pytest.mark.parametrize(
    "written",
    [
        "180.92",
        "CDN$ 180.92",
        "$180.92",
        " $ 180.92 ",
        "180,92",
        "180.92 CAD",
        "CA$180.92",
        "0180.92",
    ],
)
def test_an_amount_may_be_written_in_many_ways(written: str) -> None:
    assert identifiers.amount(written) == Decimal("180.92")


def test_thousands_may_be_separated() -> None:
    assert identifiers.amount("1,180.92") == Decimal("1180.92")
    assert identifiers.amount("1,180") == Decimal(1180)


@pytest.mark.parametrize(
    "written", ["", "abc", "-180.92", "180.923", "1.180,92", "1e3", "NaN", "Infinity", "18 0.9.2"]
)
def test_what_is_no_amount_is_refused(written: str) -> None:
    assert identifiers.amount(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "2023-02-22",
        "02/22/2023",
        "2/22/2023",
        "22/02/2023",
        "2023/02/22",
        "20230222",
        "Feb 22, 2023",
        "Feb. 22nd, 2023",
        "22-Feb-2023",
        "22 february 2023",
        "２０２３-02-22",
    ],
)
def test_a_date_may_be_written_in_many_ways(written: str) -> None:
    assert identifiers.day(written) == date(2023, 2, 22)


@pytest.mark.parametrize("written", ["", "2023-02-30", "22", "yesterday", "22/02/23", "2023-02"])
def test_what_is_no_date_is_refused(written: str) -> None:
    assert identifiers.day(written) is None

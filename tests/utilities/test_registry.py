"""The registry's files, and how strictly they are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from greenbutton.espi import scope
from greenbutton.espi.scope import Scope
from utilities.models import Utility
from utilities.registry import (
    FOLDER,
    Endpoints,
    RegistryError,
    UtilityDescription,
    descriptions,
    read,
)

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"
URL = "http://127.0.0.1:8001"
PUC_TEXT = (FOLDER / "ssmpuc.toml").read_text(encoding="utf-8")

# The pages' own examples, transcribed: way, value, and the query of the authorize URL.
EXAMPLES = [
    ("phone", "1111111111", "FB%3D4_16_51%3BAdditionalScope%3Dauth-phone-1111111111"),
    ("test", "test_residential", "FB%3D4_16_51%3BAdditionalScope%3Dauth-test-test_residential"),
    (
        "email",
        "uapi-test-residential@example.com",
        "FB%3D4_16_51%3BAdditionalScope%3Dauth-email-uapi-test-residential%40example.com",
    ),
    (
        "address",
        "333 W EL CAMINO REAL STE 600, SUNNYVALE CA 94087",
        "FB%3D4_16_51%3BAdditionalScope%3Dauth-address-333%20W%20EL%20CAMINO%20REAL%20STE%20600%2C"
        "%20SUNNYVALE%20CA%2094087",
    ),
]


def described() -> dict[str, UtilityDescription]:
    return {one.facts.id: one for one in descriptions(URL)}


def test_the_registry_knows_what_the_pages_say() -> None:
    puc, svce = described()["SSMPUC"], described()["SVCE"]
    assert (puc.slug, puc.facts.name) == ("ssmpuc", "PUC Distribution")
    assert (svce.slug, svce.facts.name) == ("svce", "Silicon Valley Clean Energy")
    assert "PUC Distribution Inc., a local distribution company (LDC)" in puc.facts.description
    assert "community choice aggregation (CCA)" in svce.facts.description
    assert puc.facts.website == "https://greenbutton.ssmpuc.com/"
    assert svce.facts.website == "https://data.svcleanenergy.org/"
    assert (puc.facts.programme, puc.facts.time_zone) == (
        "Green Button Connect My Data",
        "America/Toronto",
    )
    assert (svce.facts.programme, svce.facts.time_zone) == (
        "Innovation Onramp",
        "America/Los_Angeles",
    )
    assert puc.facts.services == ["electricity", "water"]
    assert svce.facts.services == ["electricity", "gas"]


def test_every_way_of_the_pages_is_there_and_takes_a_value() -> None:
    ways = {name: [way.type for way in one.ways] for name, one in described().items() if one.ways}
    assert ways == {
        "SSMPUC": ["lastbill", "test"],
        "SVCE": ["account", "phone", "email", "address"],
        "DEMO": ["username", "sso"],
    }
    assert all(way.takes_value and way.example for one in described().values() for way in one.ways)
    defaults = {
        one.slug: way.type for one in described().values() for way in one.ways if way.default
    }
    assert defaults == {"ssmpuc": "lastbill", "svce": "phone", "demo": "username"}


@pytest.mark.parametrize(
    ("utility", "way", "words", "example"),
    [
        ("SSMPUC", "lastbill", ["amount", "date", "account number"], "111111111-1"),
        ("SSMPUC", "test", ["test scenario"], "test_residential"),
        ("SVCE", "account", ["account"], "111111111-1"),
        ("SVCE", "phone", ["phone number", "on file"], "111-111-1111"),
        ("SVCE", "email", ["e-mail", "on file"], "uapi-test-residential@example.com"),
        (
            "SVCE",
            "address",
            ["billing address"],
            "333 W EL CAMINO REAL STE 600, SUNNYVALE CA 94087",
        ),
    ],
)
def test_each_way_says_what_the_pages_say_of_it(
    utility: str, way: str, words: list[str], example: str
) -> None:
    (found,) = [one for one in described()[utility].ways if one.type == way]
    assert found.example == example
    assert found.label
    assert [word for word in words if word not in found.description] == []


def test_the_sandbox_address_is_filled_in() -> None:
    endpoints = described()["SVCE"].endpoints
    assert endpoints.authorize == f"{URL}/DataCustodian/svce/oauth/authorize"
    assert endpoints.token == f"{URL}/DataCustodian/svce/oauth/token"
    assert endpoints.origins == [URL]
    assert endpoints.issuer == f"{URL}/DataCustodian/svce"
    assert described()["SVCE"].in_sandbox


@pytest.mark.parametrize(("way", "value", "query"), EXAMPLES)
def test_prefilled_scopes_are_byte_exact(way: str, value: str, query: str) -> None:
    built = scope.build(Scope((4, 16, 51)).with_authentication(way, value))
    assert scope.quote(built) == query


@pytest.mark.skipif(not SEEDS.exists(), reason="../shared/seeds is not beside this checkout")
def test_every_example_of_the_pages_comes_out_byte_for_byte() -> None:
    examples = set()
    for page in SEEDS.glob("*.txt"):
        text = page.read_text(encoding="utf-8")
        examples |= {line.removeprefix("scope=") for line in re.findall(r"(?m)^scope=\S+$", text)}
    assert len(examples) == 2
    for example in examples:
        plain = scope.parse(_decoded(example))
        assert scope.quote(scope.build(plain)) == example


@pytest.mark.skipif(not SEEDS.exists(), reason="../shared/seeds is not beside this checkout")
def test_every_scope_example_of_the_tables_comes_out_byte_for_byte() -> None:
    found = set()
    for page in SEEDS.glob("*.txt"):
        found |= set(
            re.findall(
                r"auth-(?:lastbill|test|account|phone|email|address)-\S+",
                page.read_text(encoding="utf-8"),
            )
        )
    tables = {one for one in found if "{" not in one}
    assert len(tables) >= 6
    for example in tables:
        chosen = Scope((4,)).with_option("AdditionalScope", _decoded(example)).authentication
        assert chosen is not None
        built = scope.quote(scope.build(Scope((4,)).with_authentication(*chosen)))
        assert built == f"FB%3D4%3BAdditionalScope%3D{example}"


def _decoded(text: str) -> str:
    return re.sub("%([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), text)


def changed(old: str, new: str) -> str:
    assert old in PUC_TEXT
    return PUC_TEXT.replace(old, new)


def test_a_utility_need_not_name_itself() -> None:
    text = re.sub(r"issuer = .*\n", "", PUC_TEXT)
    assert read(text, "ssmpuc", URL).endpoints.issuer == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("= nothing", "is not TOML"),
        ("", "lacks"),
        ('colour = "green"\n' + PUC_TEXT, "not known: colour"),
        (changed('name = "PUC Distribution"\n', ""), "lacks name"),
        (changed('name = "PUC Distribution"', "name = 7"), "name must be a text"),
        (changed('["electricity", "water"]', '"electricity"'), "services must be a list of texts"),
        (changed('["electricity", "water"]', '["electricity", 7]'), "must be a list of texts"),
        (changed("America/Toronto", "America/Gotham"), "is not a time zone"),
        (changed("[quirks]", "[quirks]\nflies = true"), "a key that is not known: flies"),
        (changed("[quirks]", "[quirks]\nleaves_maximum_out = true"), "[evidence] lacks leaves_max"),
        (
            changed("[evidence]", '[evidence]\nleaves_maximum_out = "I think so."'),
            "what is no quirk of it: leaves_maximum_out",
        ),
        (changed("[quirks]", '[quirks]\ncost_exponent = "-2"'), "must be a whole number"),
        (changed("services =", 'enabled = "no"\nservices ='), "enabled must be true or false"),
        (changed("services =", 'unavailable = "So."\nservices ='), "where “unavailable” says why"),
        (changed("takes_value = true", 'takes_value = "yes"'), "must be true or false"),
        (changed('type = "test"', 'type = "lastbill"'), "names a way to sign in twice"),
        (changed("default = true", "default = false"), "one way to sign in that is the default"),
        (changed("[[authentication]]", "[[authentications]]"), "not known: authentications"),
        (changed('origins = ["{SANDBOX_URL}"]', ""), "lacks origins"),
        (changed('origins = ["{SANDBOX_URL}"]', "origins = []"), "lacks origins"),
        (changed('origins = ["{SANDBOX_URL}"]', 'origins = ["utility"]'), "is not scheme, host"),
        (
            changed('origins = ["{SANDBOX_URL}"]', 'origins = ["http://utility.example"]'),
            "must be https",
        ),
        (
            changed('issuer = "{SANDBOX_URL}', 'issuer = "https://elsewhere.example'),
            "is not the issuer",
        ),
        (changed('/DataCustodian/ssmpuc"\n', '/DataCustodian/ssmpuc?a=1"\n'), "is not the issuer"),
        (
            changed('token = "{SANDBOX_URL}', 'token = "https://elsewhere.example'),
            "lies on none of the origins",
        ),
    ],
)
def test_a_file_that_is_not_right_is_refused_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(RegistryError) as caught:
        read(text, "ssmpuc", URL)
    assert says in str(caught.value)
    assert str(caught.value).startswith("ssmpuc.toml")


def test_the_utilities_that_others_know_are_there_but_not_for_customers() -> None:
    known = described()
    assert {one.slug for one in known.values() if one.enabled} == {"demo", "ssmpuc", "svce"}
    assert len(known) == 25
    for one in known.values():
        assert set(one.quirks) == set(one.evidence)


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("npe", "Niagara Peninsula Energy"),
        ("elk", "E.L.K. Energy"),
        ("enwin", "ENWIN Utilities"),
        ("festival", "Festival Hydro"),
        ("nt_power", "Newmarket-Tay Power"),
        ("oakville", "Oakville Hydro"),
        ("oshawa", "Oshawa Power"),
    ],
)
def test_whom_london_hydro_runs_a_programme_for_goes_its_way_at_addresses_of_its_own(
    slug: str, name: str
) -> None:
    known = {one.slug: one for one in described().values()}
    one, london = known[slug], known["london_hydro"]
    assert one.facts.name == name
    assert one.quirks == london.quirks
    assert all("open-green-button" in said for said in one.evidence.values())
    # Nobody has published them, and London Hydro's would send its customers' tokens there.
    assert one.endpoints == Endpoints()
    assert "London Hydro" in one.facts.unavailable


def test_what_cannot_be_connected_says_why_and_needs_no_addresses() -> None:
    known = described()
    unavailable = {name for name, one in known.items() if one.facts.unavailable}
    assert {"SCE", "SDGE", "HYDRO_OTTAWA", "SMART_METER_TEXAS"} <= unavailable
    column = Utility._meta.get_field("unavailable").max_length
    assert column is not None
    for name in unavailable:
        assert known[name].facts.unavailable.endswith(".")
        assert len(known[name].facts.unavailable) <= column
        assert not (known[name].endpoints.authorize and known[name].endpoints.token)
    for name in set(known) - unavailable:
        assert known[name].endpoints.authorize
        assert known[name].endpoints.token


def test_an_address_of_what_cannot_be_connected_lies_on_its_origins_all_the_same() -> None:
    text = changed("services =", 'enabled = false\nunavailable = "Soon."\nservices =')
    assert read(text, "ssmpuc", URL).facts.unavailable == "Soon."
    stranger = text.replace('token = "{SANDBOX_URL}', 'token = "https://elsewhere.example')
    with pytest.raises(RegistryError, match="lies on none of the origins"):
        read(stranger, "ssmpuc", URL)

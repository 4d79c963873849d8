import pytest

from greenbutton.espi.addresses import ELSEWHERE, keys, place

BASE = "https://utility.example/espi/1_1/resource"


def test_a_query_and_a_fragment_are_no_part_of_the_key() -> None:
    asked = f"{BASE}/Batch/Subscription/7?published-min=2026-01-01T00:00:00Z#top"
    assert keys(asked)[0] == f"{BASE}/Batch/Subscription/7"


def test_each_address_above_is_a_key_the_nearest_first() -> None:
    found = keys(f"{BASE}/Batch/Subscription/7/UsagePoint/12")
    assert found[:3] == (
        f"{BASE}/Batch/Subscription/7/UsagePoint/12",
        f"{BASE}/Batch/Subscription/7/UsagePoint",
        f"{BASE}/Batch/Subscription/7",
    )
    assert "https://utility.example" not in found


def test_a_single_resource_is_known_by_the_batch_that_it_belongs_to() -> None:
    assert f"{BASE}/Batch/Subscription/7" in keys(f"{BASE}/Subscription/7/UsagePoint/12")
    assert f"{BASE}/Batch/Bulk/9" in keys(f"{BASE}/Bulk/9")
    assert f"{BASE}/Batch/Batch/Bulk/9" not in keys(f"{BASE}/Batch/Bulk/9")


def test_another_subscription_that_begins_alike_is_no_key() -> None:
    assert f"{BASE}/Batch/Subscription/7" not in keys(f"{BASE}/Batch/Subscription/71")


@pytest.mark.parametrize(
    "spelt",
    [
        "HTTPS://Utility.Example/espi/1_1/resource/Authorization/7",
        "https://utility.example:443/espi/1_1/resource/Authorization/7",
        f" {BASE}/Authorization/7\n",
        f"{BASE}/Authorization/7/",
        f"{BASE}/Authorization/7?",
    ],
)
def test_spellings_of_one_address_have_a_key_in_common(spelt: str) -> None:
    assert f"{BASE}/Authorization/7" in keys(spelt)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/espi/1_1/resource/Authorization/7",
        "sftp://utility.example/outgoing/bulk.xml",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://utility.example@evil.example/Authorization/7",
        "https://[::1/Authorization/7",
        "https://utility.example:port/Authorization/7",
        "https:///Authorization/7",
        f"{BASE}/{'x' * 600}",
        f"{BASE}/{'a/' * 40}",
    ],
)
def test_what_is_no_address_of_a_resource_has_no_key(uri: str) -> None:
    assert keys(uri) == ()


def test_what_is_shown_of_an_address_names_nobody() -> None:
    named = f"{BASE}/Subscription/ada-lovelace/UsagePoint/4711?account=12345"
    assert place(named) == "https://utility.example/…/Subscription/…/UsagePoint/…"
    assert place("sftp://user:pass@files.example:22/out/B_1.xml") == "sftp://files.example:22/…"
    assert place("https://utility.example") == "https://utility.example/"


@pytest.mark.parametrize("uri", ["", "nonsense", "https://<script>/", "https://a b/", "https://[x"])
def test_what_cannot_be_read_is_not_repeated(uri: str) -> None:
    assert place(uri) == ELSEWHERE

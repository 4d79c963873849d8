"""What is shown of a value that belongs to a customer."""

from __future__ import annotations

import pytest

from authorizations.connecting.prefill import mask


@pytest.mark.parametrize(
    ("way", "value", "shown"),
    [
        ("phone", "111-111-1111", "•••1111"),
        ("account", "111111111-1", "•••11-1"),
        ("lastbill", "APUC0000-00", "•••0-00"),
        ("email", "uapi-test-residential@example.com", "u•••@example.com"),
        ("email", "@", "•••@"),
        ("email", "no-address", "•••ress"),
        ("address", "333 W EL CAMINO REAL STE 600, SUNNYVALE CA 94087", "•••, SUNNYVALE CA 94087"),
        ("address", "somewhere", "•••here"),
        ("account", "1234567", "•••"),
        ("account", "", "•••"),
        ("unknown", "12345678", "•••5678"),
    ],
)
def test_a_value_is_masked_so_that_only_its_owner_knows_it_again(
    way: str, value: str, shown: str
) -> None:
    assert mask(way, value) == shown

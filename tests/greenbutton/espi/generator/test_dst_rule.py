from zoneinfo import ZoneInfo

import pytest

from greenbutton.espi.generator.dst_rule import NEVER, dst_rules


@pytest.mark.parametrize(
    ("zone", "rules"),
    [
        # The rules of North America are those that real feeds hold.
        ("America/Toronto", ("360E2000", "B40E2000", 3600)),
        ("America/Los_Angeles", ("360E2000", "B40E2000", 3600)),
        ("America/St_Johns", ("360E2000", "B40E2000", 3600)),
        # First Sundays of October and April; on Lord Howe by half an hour.
        ("Australia/Sydney", ("A40E2000", "440E3000", 3600)),
        ("Australia/Lord_Howe", ("A40E2000", "440E2000", 1800)),
        # Last Sundays of March and October.
        ("Europe/Berlin", ("3E0E2000", "AE0E3000", 3600)),
        ("Asia/Kolkata", (NEVER, NEVER, 0)),
    ],
)
@pytest.mark.spec("espi.xsd", "DstRuleType")
def test_summer_time_is_written_as_the_schema_wants(zone: str, rules: tuple[str, str, int]) -> None:
    assert dst_rules(ZoneInfo(zone), 2025) == rules

"""Who is attacked, and by whom: Ada owns, Ben has his own, Cy must see nothing."""

from tests.at_the_sandbox import (  # noqa: F401 (fixtures)
    at_utility,
    demo_utility,
    registered,
    svce,
)
from tests.authorizations.conftest import ada, ben, cy, granted, utility  # noqa: F401 (fixtures)
from tests.hostile.household import household  # noqa: F401 (a fixture)
from tests.staff.conftest import boss, office  # noqa: F401 (fixtures)

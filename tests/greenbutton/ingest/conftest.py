from tests.at_the_sandbox import (  # noqa: F401 (fixtures)
    at_utility,
    demo_utility,
    registered,
    svce,
)

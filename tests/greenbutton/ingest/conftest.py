from tests.at_the_sandbox import at_utility, svce  # noqa: F401 (fixtures)

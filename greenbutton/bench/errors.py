class BenchError(Exception):
    """The bench cannot go on. Its text says why, and what to do."""

"""Documents spoilt at random, of which each must be read or refused with an EspiError.

`python -m tests.fuzz --minutes 10` runs it; the suite runs a few hundred.
"""

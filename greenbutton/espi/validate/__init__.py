"""The content checks of the Green Button certification suite, D000 to D147, by their ids there.

They ask more than a reader needs: many a real feed that is read in full breaks dozens of them.
Whether a document is as the schemas have it, which no reader needs either, is in `schema`.
"""

from greenbutton.espi.validate.function_blocks import NAMES
from greenbutton.espi.validate.report import Report
from greenbutton.espi.validate.rule import Problem, Rule, Severity
from greenbutton.espi.validate.validation import FUNCTION_BLOCKS, RULES, Validation, validate

__all__ = [
    "FUNCTION_BLOCKS",
    "NAMES",
    "RULES",
    "Problem",
    "Report",
    "Rule",
    "Severity",
    "Validation",
    "validate",
]

"""Any value of any Shape, made from the same table as its reading and its writing."""

from typing import Any

from hypothesis import strategies as st

from greenbutton.espi.enums import Code, Word
from greenbutton.espi.local_time_parameters import RULE
from greenbutton.espi.shape import (
    BOOLEAN,
    DECIMAL,
    HEX,
    INT16,
    NUMBER,
    SECONDS,
    TEXT,
    Field,
    Kind,
    Shape,
)
from tests.greenbutton.espi.documents import moments, texts

hexadecimals = st.from_regex(r"[0-9A-F]{1,8}", fullmatch=True)
SIMPLE: dict[Kind, st.SearchStrategy[Any]] = {
    TEXT: texts,
    NUMBER: st.integers(-(2**63) + 1, 2**63 - 1),
    INT16: st.integers(-32767, 32767),
    SECONDS: moments,
    BOOLEAN: st.booleans(),
    HEX: hexadecimals,
    RULE: hexadecimals,
    DECIMAL: st.decimals(-(10**9), 10**9, places=3),
}


def made_of(shape: Shape[Any]) -> st.SearchStrategy[Any]:
    """Values of the shape's dataclass, with any of its fields left out."""
    fields = {field.name: _field(field) for field in shape.fields}
    return st.fixed_dictionaries({}, optional=fields).map(lambda values: shape.made(**values))


def _field(field: Field) -> st.SearchStrategy[Any]:
    value = _kind(field.kind)
    return st.lists(value, max_size=2).map(tuple) if field.many else value


def _kind(kind: Kind) -> st.SearchStrategy[Any]:
    whole = kind.made_of
    if isinstance(whole, Shape):
        # A part that says nothing is no part.
        return made_of(whole).filter(lambda part: part != whole.made())
    if whole is None:
        return SIMPLE[kind]
    if issubclass(whole, Code):
        return st.sampled_from(list(whole)).map(int) | st.integers(-(2**31) + 1, 2**31 - 1)
    assert issubclass(whole, Word)
    return st.sampled_from(list(whole)).map(str) | texts

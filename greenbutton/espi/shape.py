"""One table a concept, from which both its reading and its writing follow.

A table lists the XSD's elements in the XSD's order. Elements that are not in it are passed
over: production feeds add their own (UtilityAPI's `timezone`), so nothing is validated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lxml import etree

from greenbutton.espi import element as xml
from greenbutton.espi.element import Element, espi
from greenbutton.espi.findings import Findings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind:
    """How one element's content is read, and how it is put into an empty element."""

    read: Callable[[Element, Findings], Any]
    write: Callable[[Element, Any], None]


def _write_text(element: Element, value: object) -> None:
    element.text = str(value)


TEXT = Kind(lambda element, _: xml.text(element), _write_text)
NUMBER = Kind(xml.number, _write_text)
# Codes of the enumerations, unknown ones too (UInt16 in espi.xsd; power of ten is signed).
CODE = Kind(lambda element, findings: xml.number(element, findings, xml.MAX_INT32), _write_text)
INT16 = Kind(lambda element, findings: xml.number(element, findings, xml.MAX_INT16), _write_text)
SECONDS = Kind(xml.seconds, _write_text)


def inside(tag: str, kind: Kind) -> Kind:
    """The one value that matters in a wrapping element, as in ServiceCategory/kind."""

    def read(element: Element, findings: Findings) -> Any:
        child = element.find(espi(tag))
        return None if child is None else kind.read(child, findings)

    def write(element: Element, value: Any) -> None:
        kind.write(etree.SubElement(element, espi(tag)), value)

    return Kind(read, write)


@dataclass(frozen=True, slots=True)
class Field:
    """An element and the attribute that holds it; `many` are a tuple; `also` are misspellings."""

    tag: str
    name: str
    kind: Kind
    many: bool = False
    also: tuple[str, ...] = ()


class Shape(Generic[T]):
    """The elements of one dataclass."""

    def __init__(self, made: type[T], *fields: Field) -> None:
        self.made = made
        self.fields = fields
        self._by_tag = {espi(tag): field for field in fields for tag in (field.tag, *field.also)}

    def read(self, element: Element, findings: Findings) -> T:
        return self.made(**self._values(element, findings))

    def write(self, name: str, resource: T) -> Element:
        element = etree.Element(espi(name), nsmap={"espi": xml.ESPI})
        self._fill(element, resource)
        return element

    def nested(self) -> Kind:
        """The same as a part of something else; an element that says nothing is None."""

        def read(element: Element, findings: Findings) -> T | None:
            values = self._values(element, findings)
            return self.made(**values) if values else None

        return Kind(read, self._fill)

    def _values(self, element: Element, findings: Findings) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for child in xml.children(element):
            field = self._by_tag.get(child.tag)
            value = None if field is None else field.kind.read(child, findings)
            if field is None or value is None:
                continue
            values[field.name] = (*values.get(field.name, ()), value) if field.many else value
        return values

    def _fill(self, element: Element, resource: T) -> None:
        for field in self.fields:
            value = getattr(resource, field.name)
            for one in value if field.many else (value,):
                if one is not None:
                    field.kind.write(etree.SubElement(element, espi(field.tag)), one)

"""One table a concept, from which both its reading and its writing follow.

A table lists the XSD's elements in the XSD's order. Elements that are not in it are passed
over with a Finding: production feeds add their own (UtilityAPI's `timezone`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lxml import etree

from greenbutton.espi import element as xml
from greenbutton.espi.element import ESPI, Element
from greenbutton.espi.enums import Code, Word
from greenbutton.espi.findings import Findings

T = TypeVar("T")
# Prefixes as most custodians write them; readers compare the namespace only.
PREFIXES = {ESPI: "espi", xml.CUSTOMER: "cust"}


@dataclass(frozen=True, slots=True)
class Kind:
    """How one element's content is read, and how it is put into an empty element.

    `made_of` is the Shape of a part, or the enumeration of a code.
    """

    read: Callable[[Element, Findings], Any]
    write: Callable[[Element, Any], None]
    made_of: "Shape[Any] | type[Code] | type[Word] | None" = None


def _write_text(element: Element, value: object) -> None:
    element.text = str(value)


def _write_boolean(element: Element, value: bool) -> None:
    element.text = "true" if value else "false"


TEXT = Kind(lambda element, _: xml.text(element), _write_text)
NUMBER = Kind(xml.number, _write_text)
INT16 = Kind(lambda element, findings: xml.number(element, findings, xml.MAX_INT16), _write_text)
# xs:float in customer.xsd; nobody's ratio needs binary fractions.
DECIMAL = Kind(xml.decimal, lambda element, value: _write_text(element, format(value, "f")))
SECONDS = Kind(xml.seconds, _write_text)
BOOLEAN = Kind(xml.boolean, _write_boolean)
# HexBinary16 and HexBinary32, as text as sent: utilities cut the leading or trailing zeros off.
HEX = Kind(xml.hexadecimal, _write_text)


def code(known: type[Code]) -> Kind:
    """A number of an enumeration. One that the schema does not know is kept, with a Finding."""

    def read(element: Element, findings: Findings) -> int | None:
        number = xml.number(element, findings, xml.MAX_INT32)
        if number is not None and known.known(number) is None:
            findings.note("enum.unknown", xml.local_name(element), value=str(number))
        return number

    return Kind(read, _write_text, known)


def word(known: type[Word]) -> Kind:
    """A word of an enumeration. One that the schema does not know is kept, with a Finding."""

    def read(element: Element, findings: Findings) -> str | None:
        said = xml.text(element)
        if said is not None and known.known(said) is None:
            # Not the word itself: on the customer's side it may be anything, and personal.
            findings.note("enum.unknown_word", xml.local_name(element))
        return said

    return Kind(read, _write_text, known)


@dataclass(frozen=True, slots=True)
class Field:
    """An element and the attribute that holds it.

    `many` are a tuple; `also` are other spellings, which are read; `within` is an element around
    it (around all of many), which says nothing itself, as in ServiceCategory/kind.
    """

    tag: str
    name: str
    kind: Kind
    many: bool = False
    also: tuple[str, ...] = ()
    within: str | None = None


class Shape(Generic[T]):
    """The elements of one dataclass, all of one namespace.

    Elements in `through` are read as if what they hold stood in their place.
    """

    def __init__(
        self,
        made: type[T],
        *fields: Field,
        namespace: str = ESPI,
        through: tuple[str, ...] = (),
    ) -> None:
        self.made = made
        self.fields = fields
        self.namespace = namespace
        self.through = through
        self._through = {self._qualified(tag) for tag in through}
        self._around = {self._qualified(field.within) for field in fields if field.within}
        # By the element around it, if there is one, and its own name.
        self._by_tag = {
            (field.within and self._qualified(field.within), self._qualified(tag)): field
            for field in fields
            for tag in (field.tag, *field.also)
        }

    def under(self, namespace: str) -> "Shape[T]":
        """The same in another namespace: customer.xsd has its own twins of some types."""
        return Shape(self.made, *self.fields, namespace=namespace, through=self.through)

    def read(self, element: Element, findings: Findings) -> T:
        return self.made(**self._values(element, findings))

    def write(self, resource: T) -> Element:
        prefix = {PREFIXES[self.namespace]: self.namespace}
        element = etree.Element(self._qualified(self.made.__name__), nsmap=prefix)
        self._fill(element, resource)
        return element

    def nested(self) -> Kind:
        """The same as a part of something else; an element that says nothing is None."""

        def read(element: Element, findings: Findings) -> T | None:
            values = self._values(element, findings)
            return self.made(**values) if values else None

        return Kind(read, self._fill, self)

    def _qualified(self, tag: str) -> str:
        return f"{{{self.namespace}}}{tag}"

    def _values(self, element: Element, findings: Findings) -> dict[str, Any]:
        values: dict[str, Any] = {}
        self._gather(element, None, values, findings)
        return {name: tuple(it) if type(it) is list else it for name, it in values.items()}

    def _gather(
        self, element: Element, around: str | None, values: dict[str, Any], findings: Findings
    ) -> None:
        for child in xml.children(element):
            tag = child.tag
            field = self._by_tag.get((around, tag))
            if field is not None:
                _keep(field, child, values, findings)
            elif around is None and tag in self._around:
                self._gather(child, tag, values, findings)
            elif tag in self._through:
                self._gather(child, around, values, findings)
            else:
                xml.note_unknown(child, findings)

    def _fill(self, element: Element, resource: T) -> None:
        for field in self.fields:
            value = getattr(resource, field.name)
            said = [one for one in (value if field.many else (value,)) if one is not None]
            parent = element
            if said and field.within:
                parent = etree.SubElement(element, self._qualified(field.within))
            for one in said:
                field.kind.write(etree.SubElement(parent, self._qualified(field.tag)), one)


def _keep(field: Field, element: Element, values: dict[str, Any], findings: Findings) -> None:
    value = field.kind.read(element, findings)
    if value is None:
        return
    if field.many:
        values.setdefault(field.name, []).append(value)
        return
    if field.name in values:
        findings.note("element.repeated", xml.local_name(element))
    values[field.name] = value

"""What an entry's content holds, when it is not simply elements that we know."""

import re
from xml.sax.saxutils import quoteattr

from lxml import etree

from greenbutton.espi import element as xml
from greenbutton.espi.element import Element

# libxml2 itself refuses a longer text unless it is told to trust the document.
MAX_ESCAPED_CHARACTERS = 10_000_000
# An unknown payload is kept to be written again, not to be worked with.
MAX_KEPT_CHARACTERS = 2**16

# The namespace of xml:lang and its like, which is never declared.
XML = "http://www.w3.org/XML/1998/namespace"

_DECLARATION = re.compile(r"\s*<\?xml\s[^<>]*\?>")


def payloads(content: Element) -> tuple[list[Element], str | None]:
    """The elements in an Atom content, and the code of what is odd about how they are given.

    Some custodians escape the payload, or put it into CDATA (RFC 4287 §4.1.3.1, type "html").
    Then its prefixes mean what they would mean outside.
    """
    elements = list(xml.children(content))
    text = xml.text(content)
    if elements or text is None:
        return elements, None
    wrapper = _parsed(_wrapped(text, content)) if text.startswith("<") else None
    if wrapper is None:
        return [], "content.unreadable"
    return list(xml.children(wrapper)), "content.escaped"


def _wrapped(text: str, content: Element) -> str:
    names = {prefix: uri for prefix, uri in content.nsmap.items() if prefix != "xml"}
    declared = "".join(
        f" xmlns{':' + prefix if prefix else ''}={quoteattr(uri)}" for prefix, uri in names.items()
    )
    # In an element, a DOCTYPE is an error.
    return f"<content{declared}>{_DECLARATION.sub('', text, count=1)}</content>"


def _parsed(text: str, *, keep_blanks: bool = False) -> Element | None:
    """The root of a text, parsed as strictly as a document is; None if that cannot be."""
    if len(text) > MAX_ESCAPED_CHARACTERS:
        return None
    parser = etree.XMLParser(
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=not keep_blanks,
        # Not False: with it, lxml forgets that an undeclared entity is an error.
        resolve_entities="internal",  # type: ignore[arg-type]  # lxml's stubs lack the word
        load_dtd=False,
        no_network=True,
        huge_tree=False,
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError):
        return None


def kept(element: Element) -> str | None:
    """An element as text of its own, the same whatever its prefixes; None if it cannot be kept.

    It cannot if it is too large, or if it has elements of no namespace: below Atom's, which has
    no prefix, these would become Atom's.
    """
    size = 0
    uris: dict[str, None] = {}
    for one in element.iter():
        size += len(one.tag) + len(one.text or "") + len(one.tail or "")
        size += sum(len(name) + len(value) for name, value in one.attrib.items())
        # Readings may have been condensed (plain_readings), and are never kept so that it makes
        # no difference.
        if size > MAX_KEPT_CHARACTERS or not one.tag.startswith("{") or _is_reading(one):
            return None
        uris.update(dict.fromkeys(_namespace(name) for name in (one.tag, *one.attrib)))
    prefixes = {f"n{index}": uri for index, uri in enumerate(uris) if uri not in ("", XML)}
    try:
        copy = etree.Element(element.tag, _attributes(element), nsmap=prefixes)
        _copy_into(copy, element)
    except ValueError:  # libxml2 reads names that lxml does not write, such as a:b:c
        return None
    return etree.tostring(copy, encoding="unicode")


def _is_reading(element: Element) -> bool:
    return xml.local_name(element) == "IntervalReading"


def _namespace(name: str) -> str:
    return name.rpartition("}")[0].removeprefix("{")


def _attributes(element: Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}


def _copy_into(copy: Element, element: Element) -> None:
    copy.text = element.text
    for child in element:
        one = etree.SubElement(copy, child.tag, _attributes(child))
        one.tail = child.tail
        _copy_into(one, child)


def restored(text: str) -> Element:
    """The element that `kept` made a text of."""
    element = _parsed(text, keep_blanks=True)
    assert element is not None, "what was kept can be parsed"
    return element

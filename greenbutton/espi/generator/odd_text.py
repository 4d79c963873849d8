"""The same feed in other bytes. Patterns rely on how `part` writes an entry."""

import re
from collections.abc import Callable
from xml.sax.saxutils import escape

from greenbutton.espi.generator.part import TAIL

Rewrite = Callable[[bytes], bytes]

ATOM = b"http://www.w3.org/2005/Atom"
ESPI = b"http://naesb.org/espi"
CUSTOMER = b"http://naesb.org/espi/customer"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
ONE_ID = rb"urn:uuid:6c0cd4f0-58d1-4e43-96f1-0d54d1ee0c1f"
# A DTD with an entity, as an attacker would begin.
DOCTYPE = b'<!DOCTYPE feed [<!ENTITY much "much">]>\n'

_CONTENT = re.compile(rb"(.*<(?:ns1:)?content)([^>]*>)(.*)(</(?:ns1:)?content>.*)", re.DOTALL)
_TAG = re.compile(rb"<(/?)(?=[A-Za-z])")
_DEFAULT_NAMESPACE = re.compile(rb' xmlns="[^"]*"')


def swap(*changes: tuple[bytes, bytes]) -> Rewrite:
    """Replace each pattern, wherever it is."""
    compiled = [(re.compile(pattern, re.DOTALL), new) for pattern, new in changes]

    def rewrite(text: bytes) -> bytes:
        for pattern, new in compiled:
            text = pattern.sub(new, text)
        return text

    return rewrite


def without(*names: bytes) -> Rewrite:
    """Leave out elements, whole."""
    return swap(*((rb"\s*<%b>.*?</%b>" % (name, name), b"") for name in names))


def dates(new: bytes) -> Rewrite:
    return swap((rb"<(published|updated)>([-\d]+)T([:\d]+)Z<", rb"<\1>" + new + rb"<"))


def upper_case_ids(text: bytes) -> bytes:
    return re.sub(rb"(?<=urn:uuid:)[-0-9a-f]+", lambda found: found[0].upper(), text)


def with_doctype(text: bytes) -> bytes:
    return text.replace(DECLARATION, DECLARATION + DOCTYPE)


def misplaced_dates(text: bytes) -> bytes:
    pattern = rb"\s*</content>(\s*<published>.*?</updated>)"
    return re.sub(pattern, rb"\1\n    </content>", text, flags=re.DOTALL)


def escaped_content(text: bytes) -> bytes:
    """The payload as text, as Atom wants html (RFC 4287 §3.1.1.2)."""
    return _html(text, lambda payload: escape(payload.decode()).encode())


def cdata_content(text: bytes) -> bytes:
    def wrap(payload: bytes) -> bytes:
        # A section in a section would end both.
        return b"<![CDATA[" + payload.replace(b"]]>", b"]]]]><![CDATA[>") + b"]]>"

    return _html(text, wrap)


def _html(text: bytes, wrap: Rewrite) -> bytes:
    match = _CONTENT.fullmatch(text)
    if match is None or b"<" not in match[3]:
        return text
    before, _attributes, payload, after = match.groups()
    return before + b' type="html">' + wrap(payload) + after


def prefixes(text: bytes) -> bytes:
    """No default namespace at all: ns1 for Atom, ns3 for ESPI, ns4 for the customer schema."""
    declared = b'<feed xmlns:ns1="%b" xmlns:ns3="%b" xmlns:ns4="%b">' % (ATOM, ESPI, CUSTOMER)
    text = text.replace(b'<feed xmlns="%b">' % ATOM, declared)
    match = _CONTENT.fullmatch(text)
    if match is None:
        return _prefixed(text, b"ns1")
    before, attributes, payload, after = match.groups()
    prefix = b"ns4" if CUSTOMER in payload else b"ns3"
    payload = _prefixed(_DEFAULT_NAMESPACE.sub(b"", payload), prefix)
    return _prefixed(before, b"ns1") + attributes + payload + _prefixed(after, b"ns1")


def _prefixed(text: bytes, prefix: bytes) -> bytes:
    return _TAG.sub(rb"<\1" + prefix + b":", text)


def utf_16(text: bytes) -> bytes:
    mark = b"\xff\xfe" if _is_head(text) else b""
    said = text.removeprefix(BYTE_ORDER_MARK).decode().replace("UTF-8", "UTF-16")
    return mark + said.encode("utf-16-le")


def with_byte_order_mark(text: bytes) -> bytes:
    return BYTE_ORDER_MARK + text if _is_head(text) else text


def _is_head(text: bytes) -> bool:
    return b"feed xmlns" in text


def cut_off(text: bytes) -> bytes:
    return b"" if text == TAIL else text

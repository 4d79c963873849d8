"""Interval readings in their plain form, taken out of a document before XML is parsed.

A feed is readings nearly throughout, and nearly all are written alike: the same elements in the
same order, with plain numbers as their text. What is alike needs no parser to find it. So a run of
such readings is replaced by one IntervalReading element, whose text is all their numbers, before
the document goes on to lxml; `interval_block` takes the numbers from there.

It is exact, whatever the document:

- A run is matched byte for byte by an expression that was derived from its first reading. What it
  matches is balanced elements with digits in between, and comments of ASCII between those, which
  may be any. So the document with the run is well-formed if, and only if, the one with the
  replacement is.
- The replacement has the run's own tag, at its place, with the attributes that all of its readings
  have: lxml decides which namespace its prefix names, and that of the block around it, and whether
  the attributes are right. Readings with attributes further inside are not plain.
- It never begins inside a comment, a CDATA section or a processing instruction: these are skipped
  as XML 1.0 lexes them (a `<` can start nothing else in a well-formed document). A document with a
  DOCTYPE, or in an encoding that is no superset of ASCII, is left alone.
- Numbers that could leave a Finding (times in milliseconds, a duration of 0, too many digits) are
  not plain. Whatever is not plain stays in the document and is read by the general way.
- It has as many line breaks as the run, so an error names the line that it names without this.
"""

import re
from collections.abc import Iterator
from itertools import chain
from secrets import token_hex

from lxml import etree

from greenbutton.espi.readable import Readable

# Bytes from the file at a time; a run ends where they end.
CHUNK = 2**17
# Longer than any reading that is plain, or than any tag that opens one.
LONGEST_READING = 4_096
# Documents are written by one program and have one or two forms. One with many is not tidy, and
# making an expression for each would take longer than it saves.
MAX_FORMS = 32
# So many readings in a row that are not plain: the document is of another kind.
MAX_MISSES = 100

# The attributes of the replacement that name its columns, and elements in each reading that are
# none of the schema's. No document can know them.
COLUMNS = f"columns-{token_hex(16)}"
STRANGERS = f"strangers-{token_hex(16)}"

# The leaves of espi.xsd IntervalReading by the element around them, and the numbers that every
# XSD type between Int16 and TimeType admits without a word.
SMALL = rb"[0-9]{1,4}+"
INT48 = rb"-?+[0-9]{1,14}+"
LEAVES = {
    (b"IntervalReading", b"cost"): INT48,
    (b"ReadingQuality", b"quality"): SMALL,
    (b"timePeriod", b"duration"): rb"[1-9][0-9]{0,8}+",
    (b"timePeriod", b"start"): rb"[0-9]{1,10}+",
    (b"IntervalReading", b"value"): INT48,
    (b"IntervalReading", b"consumptionTier"): SMALL,
    (b"IntervalReading", b"tou"): SMALL,
    (b"IntervalReading", b"cpp"): SMALL,
}
NEEDED = {b"duration", b"start", b"value"}
WRAPPERS = {b"ReadingQuality", b"timePeriod"}
KNOWN = {leaf for _, leaf in LEAVES} | WRAPPERS | {b"IntervalReading"}

_BLANK = rb"[ \t\r\n]*+"
_NAME = rb"[A-Za-z_][A-Za-z0-9_.-]*+"
# Not xml:id or xmlns, by which a document means more than it says there.
_ATTRIBUTE = (
    rb"[ \t\r\n]++(?![xX][mM][lL])%b(?::%b)?+=(?:\"[ !#-%%'-;=?-~]*+\"|'[ -%%(-;=?-~]*+')"
    % (
        _NAME,
        _NAME,
    )
)
_OPENS = re.compile(
    rb"<(?:(?P<opaque>!--|!\[CDATA\[|\?)|(?P<dtd>![A-Z])"
    rb"|(?P<prefix>(?:%b:)?+)IntervalReading(?P<attributes>(?:%b)*+[ \t\r\n]*+)>"
    rb"|(?P<block>/?+(?:%b:)?+)IntervalBlock\b[^<>]*+(?<!/)>)" % (_NAME, _ATTRIBUTE, _NAME)
)
# XML 1.0 §2.5: no two hyphens in it, and none at its end.
_COMMENT = rb"<!--(?:-?+[\t\r\n -,.-~])*+-->"
_TERMINATORS = {b"!--": b"-->", b"![CDATA[": b"]]>", b"?": b"?>"}
_TOKEN = re.compile(
    rb"(?P<blank>[ \t\r\n]++)"
    rb"|<(?P<prefix>(?:%b:)?+)(?P<name>%b)>"
    rb"(?:(?P<text>[A-Za-z0-9_+:. -]*+)</(?P=prefix)(?P=name)>)?"
    rb"|</(?P<ends>(?:%b:)?+%b)>"
    rb"|(?P<comment>%b)" % (_NAME, _NAME, _NAME, _NAME, _COMMENT)
)
_ENCODING = re.compile(rb"<\?xml[^>]*?\bencoding[ \t\r\n]*=[ \t\r\n]*[\"']([A-Za-z0-9._-]+)")
_SUPERSETS_OF_ASCII = {b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1", b"iso-8859-15"}

_NUMBERS = b"0123456789-"
_SEPARATED = bytes(byte if byte in _NUMBERS else ord(" ") for byte in range(256))
_DELETED = bytes(byte for byte in range(256) if byte not in _NUMBERS + b"<")


class Form:
    """One way of writing a reading, from the first that was written so."""

    def __init__(
        self,
        tag: bytes,
        attributes: bytes,
        columns: list[bytes],
        strangers: list[bytes],
        pieces: list[bytes],
        *,
        picks: bool,
    ) -> None:
        """`pieces` are expressions, of what stands between numbers and of a number in turns.

        `picks` says that digits stand elsewhere, as in ns1:value or in a comment, so that the
        numbers have to be picked one by one.
        """
        self._tag, self._attributes, self._picks = tag, attributes, picks
        self._names = b'%b="%b"' % (COLUMNS.encode(), b" ".join(columns))
        if strangers:
            self._names += b' %b="%b"' % (STRANGERS.encode(), b" ".join(strangers))
        between, numbers = pieces[::2], [*pieces[1::2], b""]
        grouped = [*(b"(%b)" % number for number in numbers[:-1]), b""]
        ungrouped = b"".join(chain.from_iterable(zip(between, numbers, strict=True)))
        self.run = re.compile(b"(?:%b%b)++" % (ungrouped, _BLANK))
        self._one = re.compile(b"".join(chain.from_iterable(zip(between, grouped, strict=True))))

    def replacement(self, run: bytes) -> bytes:
        """An element that holds the numbers of a run, a reading after the other."""
        if self._picks:
            numbers = b" ".join(chain.from_iterable(self._one.findall(run)))
        else:
            numbers = run.translate(_SEPARATED, _DELETED)
        lines = b"\n" * (run.count(b"\n") - self._attributes.count(b"\n"))
        opens = b"<%b%b %b%b>" % (self._tag, self._attributes, self._names, lines)
        return b"%b%b</%b>" % (opens, numbers, self._tag)


def form_of(reading: bytes, opens: re.Match[bytes]) -> Form | None:
    """The form of one whole reading, which `opens` begins; None if it is not plain."""
    prefix = opens["prefix"]
    columns: list[bytes] = []
    strangers: list[bytes] = []
    pieces = [re.escape(opens[0])]
    picks = _has_digits(opens[0])
    around = [b"IntervalReading"]
    seen: set[bytes] = set()
    for token in _tokens(reading, len(opens[0])):
        if token is None:
            return None
        name, number = token["name"], None
        if name is not None:
            if token["prefix"] != prefix or name in seen:
                return None
            seen.add(name)
            if token["text"] is None:
                if name not in WRAPPERS or len(around) > 1:
                    return None
                around.append(name)
            elif name in KNOWN:
                number = LEAVES.get((around[-1], name))
                if number is None or not re.fullmatch(number, token["text"]):
                    return None
            else:
                strangers.append(name)
        elif token["ends"] is not None and token["ends"] != prefix + around.pop():
            return None
        if token["comment"] is not None:
            # Whatever it says, so that comments which differ make no forms of their own.
            pieces[-1] += _COMMENT
            picks = True
        elif number is None or name is None:
            pieces[-1] += re.escape(token[0])
            picks = picks or _has_digits(token[0])
        else:
            before, after = token[0].split(b">%b<" % token["text"])
            pieces[-1] += re.escape(before + b">")
            pieces += [number, re.escape(b"<" + after)]
            picks = picks or _has_digits(before + after)
            columns.append(name)
    if around or not set(columns) >= NEEDED:
        return None
    tag = prefix + b"IntervalReading"
    return Form(tag, opens["attributes"], columns, strangers, pieces, picks=picks)


def _has_digits(literal: bytes) -> bool:
    return any(byte in _NUMBERS for byte in literal)


def readings_in(element: etree._Element) -> int:
    """How many elements of the document this one stands for."""
    columns = element.get(COLUMNS)
    return 1 if columns is None else len((element.text or "").split()) // len(columns.split())


def _tokens(reading: bytes, at: int) -> Iterator[re.Match[bytes] | None]:
    """The tokens that follow; None for what is none."""
    while at < len(reading):
        token = _TOKEN.match(reading, at)
        yield token
        if token is None:
            return
        at = token.end()


class Condensed:
    """A file to be parsed, in which each run of plain readings is a single element."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._buffer = b""
        self._began = self._ended = False
        # Nothing more is looked for.
        self._off = False
        # What ends the comment, or the like, in which the buffer begins.
        self._inside = b""
        self._in_block = False
        self._forms: list[Form] = []
        self._misses = 0

    def read(self, _size: int = CHUNK, /) -> bytes:
        """The next bytes of the document; nothing at its end."""
        while not self._ended:
            data = self._file.read(CHUNK)
            self._ended = not data
            self._buffer += data
            if not self._began:
                self._begin()
            if ready := b"".join(self._ready()):
                return ready
        return b""

    def _begin(self) -> None:
        self._began = True
        declared = _ENCODING.match(self._buffer.removeprefix(b"\xef\xbb\xbf").lstrip())
        self._off = declared is not None and declared[1].lower() not in _SUPERSETS_OF_ASCII

    def _ready(self) -> Iterator[bytes]:
        """What of the buffer can go on; what may still become a run, or a comment, stays."""
        buffer, sent, at = self._buffer, 0, 0
        keep_from = len(buffer)
        while not self._off:
            if self._inside:
                found = buffer.find(self._inside, at)
                if found < 0:
                    # All but what may be the beginning of its end.
                    keep_from = max(at, len(buffer) - len(self._inside) + 1)
                    break
                at, self._inside = found + len(self._inside), b""
            opens = _OPENS.search(buffer, at)
            if opens is None:
                keep_from = max(at, _unfinished(buffer))
                break
            at = opens.end()
            if opens["opaque"] is not None:
                self._inside = _TERMINATORS[opens["opaque"]]
            elif opens["dtd"] is not None:
                self._off = True
            elif opens["block"] is not None:
                self._in_block = not opens["block"].startswith(b"/")
            elif not self._in_block:
                continue
            elif (end := self._end(buffer, opens)) is None:
                keep_from = opens.start()
                break
            elif found_run := self._run(buffer, opens, end):
                form, run = found_run
                yield buffer[sent : run.start()]
                yield form.replacement(run[0])
                sent = at = run.end()
        if self._off or self._ended:
            keep_from = len(buffer)
        yield buffer[sent:keep_from]
        self._buffer = buffer[keep_from:]

    def _end(self, buffer: bytes, opens: re.Match[bytes]) -> int | None:
        """Where the reading ends; 0 if it is too long to be plain, None if that is to come."""
        tag = b"</%bIntervalReading>" % opens["prefix"]
        end = buffer.find(tag, opens.end(), opens.start() + LONGEST_READING)
        if end >= 0:
            return end + len(tag)
        may_come = not self._ended and len(buffer) - opens.start() < LONGEST_READING
        return None if may_come else 0

    def _run(
        self, buffer: bytes, opens: re.Match[bytes], end: int
    ) -> tuple[Form, re.Match[bytes]] | None:
        """The run that begins here, and its form."""
        for form in self._forms:
            if run := form.run.match(buffer, opens.start()):
                self._misses = 0
                return form, run
        made = form_of(buffer[opens.start() : end], opens) if end else None
        if made is None:
            self._misses += 1
            self._off = self._misses == MAX_MISSES
            return None
        self._forms.append(made)
        self._off = len(self._forms) > MAX_FORMS
        run = made.run.match(buffer, opens.start())
        assert run is not None, "a form matches the reading that it was made from"
        return made, run


def _unfinished(buffer: bytes) -> int:
    """Where a tag begins that does not end in the buffer; else the buffer's end."""
    begins = buffer.rfind(b"<", max(0, len(buffer) - LONGEST_READING))
    return begins if begins >= 0 and buffer.find(b">", begins) < 0 else len(buffer)

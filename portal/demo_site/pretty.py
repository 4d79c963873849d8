"""XML and JSON with a line a piece, for people; also what was cut off in the middle."""

from __future__ import annotations

import json
import re

INDENT = "  "
# More lines help nobody, and a browser has to draw them.
LINES = 1500

# Declarations, comments and CDATA whole; tags; the text between them.
_PIECE = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<[^<>]*>|[^<]+", re.DOTALL)


def pretty(text: str, content_type: str = "") -> tuple[str, bool]:
    """The text with lines and indents, and whether lines were left out at its end."""
    stripped = text.strip()
    if stripped.startswith("<"):
        lines = _xml_lines(stripped)
    elif "json" in content_type or stripped[:1] in {"{", "["}:
        lines = _json_lines(stripped)
    else:
        lines = stripped.splitlines()
    return "\n".join(lines[:LINES]), len(lines) > LINES


def _json_lines(text: str) -> list[str]:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False).splitlines()
    except (ValueError, RecursionError):
        return text.splitlines()


def _xml_lines(text: str) -> list[str]:
    """A line an element; one that holds nothing but text stays on its line."""
    lines: list[str] = []
    depth = 0
    pieces = _PIECE.findall(text)
    at = 0
    while at < len(pieces) and len(lines) <= LINES:
        piece = pieces[at]
        at += 1
        if piece.startswith("</"):
            depth = max(0, depth - 1)
            lines.append(INDENT * depth + piece)
        elif _opens(piece):
            text_of, closing = pieces[at : at + 1], pieces[at + 1 : at + 2]
            if closing and closing[0].startswith("</") and not text_of[0].startswith("<"):
                lines.append(INDENT * depth + piece + text_of[0].strip() + closing[0])
                at += 2
            elif text_of and text_of[0].startswith("</"):
                lines.append(INDENT * depth + piece + text_of[0])
                at += 1
            else:
                lines.append(INDENT * depth + piece)
                depth += 1
        elif piece.strip():
            lines.append(INDENT * depth + piece.strip())
    return lines


def _opens(piece: str) -> bool:
    return piece.startswith("<") and piece[1:2] not in {"/", "!", "?"} and not piece.endswith("/>")

"""A link as a QR code, to print or to show."""

from __future__ import annotations

import io
from typing import Literal

import segno

# ISO/IEC 18004 §9.1: four modules of light around it. M stands a coffee stain.
BORDER = 4
SCALE = 8


def qr_code(text: str, kind: Literal["svg", "png"]) -> bytes:
    """The picture's bytes."""
    out = io.BytesIO()
    code = segno.make_qr(text, error="m")
    code.save(out, kind=kind, scale=SCALE, border=BORDER, dark="#000", light="#fff")
    return out.getvalue()

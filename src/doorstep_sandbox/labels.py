"""Draw a carrier's label as a one-page A6 PDF with a real Code 128 barcode, without fonts or tools."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

TABLE = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 "
    "113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 "
    "212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 "
    "113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 "
    "241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 "
    "214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 "
    "211232 2331112"
)
PATTERNS = tuple(TABLE.split())
START_B, STOP, MODULUS, FIRST_PRINTABLE = 104, 106, 103, 32

MILLIMETRE = 72 / 25.4
WIDTH, HEIGHT = 105 * MILLIMETRE, 148 * MILLIMETRE
MARGIN = 6 * MILLIMETRE


@dataclasses.dataclass(frozen=True, slots=True)
class Label:
    """The content of a label; addresses are lines of text, Latin letters only (others become question marks)."""

    carrier: str
    service: str
    tracking_number: str
    sender: Sequence[str]
    receiver: Sequence[str]
    reference: str


def code128(text: str) -> str:
    """Alternating widths of bars and gaps, in set B with its check symbol. Raises ValueError outside printable ASCII."""
    if not text or not all(" " <= letter <= "~" for letter in text):
        message = f"not printable ASCII: {text!r}"
        raise ValueError(message)
    values = [ord(letter) - FIRST_PRINTABLE for letter in text]
    check = (START_B + sum(place * value for place, value in enumerate(values, 1))) % MODULUS
    return "".join(PATTERNS[value] for value in (START_B, *values, check, STOP))


def pdf(label: Label) -> bytes:
    """The label as PDF 1.4."""
    content = "\n".join(_drawing(label)).encode("latin-1", "replace")
    box = f"[0 0 {WIDTH:.2f} {HEIGHT:.2f}]"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 4 0 R "
        f"/Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    return _assemble(objects)


def _assemble(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _drawing(label: Label) -> list[str]:
    right = WIDTH - 2 * MARGIN
    top = HEIGHT - MARGIN
    return [
        "0 0 0 rg 0 0 0 RG 0.8 w",
        f"{MARGIN:.2f} {MARGIN:.2f} {right:.2f} {HEIGHT - 2 * MARGIN:.2f} re S",
        _text(label.carrier, MARGIN + 8, top - 24, 20, bold=True),
        _text(label.service, MARGIN + 8, top - 38, 9),
        _rule(top - 46),
        _text("FROM", MARGIN + 8, top - 58, 7, bold=True),
        *_lines(label.sender, top - 69, 8),
        _rule(top - 122),
        _text("TO", MARGIN + 8, top - 134, 7, bold=True),
        *_lines(label.receiver, top - 149, 11),
        _rule(top - 232),
        *_barcode(label.tracking_number, top - 312),
        _text(label.tracking_number, MARGIN + 8, top - 330, 14, bold=True),
        _text(f"Ref {label.reference}", MARGIN + 8, top - 346, 8),
    ]


def _barcode(text: str, bottom: float) -> list[str]:
    widths = [int(width) for width in code128(text)]
    quiet = 10
    module = (WIDTH - 2 * MARGIN) / (sum(widths) + 2 * quiet)
    module = min(module, 1.1)
    at = MARGIN + (WIDTH - 2 * MARGIN - sum(widths) * module) / 2
    bars = []
    for position, width in enumerate(widths):
        if position % 2 == 0:
            bars.append(f"{at:.3f} {bottom:.2f} {width * module:.3f} 62 re f")
        at += width * module
    return bars


def _lines(lines: Sequence[str], top: float, size: int) -> list[str]:
    return [_text(line, MARGIN + 8, top - place * (size + 3), size) for place, line in enumerate(lines[:6])]


def _rule(at: float) -> str:
    return f"{MARGIN:.2f} {at:.2f} m {WIDTH - MARGIN:.2f} {at:.2f} l S"


def _text(text: str, left: float, bottom: float, size: int, *, bold: bool = False) -> str:
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /F{2 if bold else 1} {size} Tf {left:.2f} {bottom:.2f} Td ({escaped}) Tj ET"


def address_lines(*parts: object) -> list[str]:
    """The parts that are present, one per line."""
    return [str(part) for part in parts if part]

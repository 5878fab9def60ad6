"""Labels are valid one-page A6 PDFs, and their barcodes can be read."""

from __future__ import annotations

import io
import itertools
import re

import pypdf
import pytest

from doorstep_sandbox import labels

LABEL = labels.Label(
    carrier="ShipHawk",
    service="Ground",
    tracking_number="SHK1245XYZ",
    sender=["Warehouse A", "Plot 9", "Mumbai 400093"],
    receiver=["Meera Nair (Ms)", "12 Lodhi Road", "New Delhi 110003"],
    reference="1001-1",
)


def test_the_code_table_is_a_code():
    assert len(labels.PATTERNS) == len(set(labels.PATTERNS)) == 107
    assert {sum(map(int, pattern)) for pattern in labels.PATTERNS[:106]} == {11}
    assert sum(map(int, labels.PATTERNS[106])) == 13


def read_back(widths):
    """An independent reader of set B: widths to values, check symbol verified, text returned."""
    groups = [widths[at : at + 6] for at in range(0, len(widths) - 7, 6)]
    values = [labels.PATTERNS.index(group) for group in groups]
    assert widths[-7:] == labels.PATTERNS[106]
    start, *text, check = values
    assert start == 104
    assert (start + sum(place * value for place, value in enumerate(text, 1))) % 103 == check
    return "".join(chr(value + 32) for value in text)


@pytest.mark.parametrize("text", ["SHK1245XYZ", "SRK5678PQR", "19041424751540", "a~ b"])
def test_a_barcode_reads_back(text):
    assert read_back(labels.code128(text)) == text


@pytest.mark.parametrize("text", ["", "₹", "tab\t"])
def test_only_printable_ascii_can_be_coded(text):
    with pytest.raises(ValueError, match="not printable ASCII"):
        labels.code128(text)


def test_the_label_is_one_a6_page_with_everything_on_it():
    reader = pypdf.PdfReader(io.BytesIO(labels.pdf(LABEL)), strict=True)
    (page,) = reader.pages
    size = [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]]
    assert size == [105, 148]
    text = page.extract_text()
    for words in ("ShipHawk", "SHK1245XYZ", "Meera Nair (Ms)", "12 Lodhi Road", "Plot 9", "Ref 1001-1"):
        assert words in text


def test_the_bars_on_the_page_are_the_barcode():
    bars = re.findall(
        rb"^([\d.]+) [\d.]+ ([\d.]+) 62.00 re f$|^([\d.]+) [\d.]+ ([\d.]+) 62 re f$",
        labels.pdf(LABEL),
        re.MULTILINE,
    )
    spans = [(float(a or c), float(b or d)) for a, b, c, d in bars]
    module = min(width for _, width in spans)
    widths = [round(spans[0][1] / module)]
    for (left, width), (right, other) in itertools.pairwise(spans):
        widths += [round((right - left - width) / module), round(other / module)]
    assert read_back("".join(map(str, widths))) == "SHK1245XYZ"

"""Read and write X12 interchanges: separators from the ISA segment, counts and control numbers checked set by set."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

Segment = list[str]

ISA_LENGTH = 106
SEGMENT_COUNT, SEGMENT_MISSING, CONTROL_DIFFERS = "4", "5", "3"


@dataclasses.dataclass(slots=True)
class TransactionSet:
    """ST to SE; `segments` are what is between them. `error` is the 997's code, empty if the envelope is sound."""

    code: str
    control: str
    segments: list[Segment]
    error: str = ""


@dataclasses.dataclass(slots=True)
class Group:
    """GS to GE."""

    code: str
    control: str
    sets: list[TransactionSet]


@dataclasses.dataclass(slots=True)
class Interchange:
    """ISA to IEA."""

    sender: str
    receiver: str
    control: str
    groups: list[Group]


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """Who writes to whom, when, and with which control number."""

    sender: str
    receiver: str
    control: int
    at: dt.datetime


def is_complete(text: str) -> bool:
    """Whether the last segment is IEA."""
    return len(text) > ISA_LENGTH and any(line[0] == "IEA" for line in _segments(text)[-1:])


def parse(text: str) -> Interchange:
    """Raises ValueError for what is no interchange; faults of single sets are their `error`."""
    if not text.startswith("ISA") or len(text) < ISA_LENGTH:
        raise ValueError("the file does not begin with an ISA segment of 106 characters")
    segments = _segments(text)
    isa = segments[0]
    if segments[-1][0] != "IEA" or segments[-1][2] != isa[13]:
        raise ValueError("the interchange does not end with its IEA segment")
    found = Interchange(isa[6].strip(), isa[8].strip(), isa[13], [])
    current: TransactionSet | None = None
    for segment in segments[1:-1]:
        if segment[0] == "GS":
            found.groups.append(Group(segment[1], segment[6], []))
        elif segment[0] == "ST":
            current = TransactionSet(segment[1], segment[2], [], SEGMENT_MISSING)
            found.groups[-1].sets.append(current)
        elif segment[0] == "SE" and current:
            current.error = _closing(current, segment)
            current = None
        elif current:
            current.segments.append(segment)
    return found


def _closing(current: TransactionSet, closing: Segment) -> str:
    if closing[2] != current.control:
        return CONTROL_DIFFERS
    return "" if closing[1] == str(len(current.segments) + 2) else SEGMENT_COUNT


def _segments(text: str) -> list[Segment]:
    element, terminator = text[3], text[ISA_LENGTH - 1]
    parts = (part.strip("\r\n") for part in text.split(terminator))
    return [part.split(element) for part in parts if part.strip()]


def write(header: Header, group: str, sets: Sequence[tuple[str, Sequence[Segment]]]) -> str:
    """One interchange with one group; `sets` are codes and the segments between ST and SE."""
    stamp, control = header.at.astimezone(dt.UTC), f"{header.control:09d}"
    isa = [
        "ISA",
        "00",
        " " * 10,
        "00",
        " " * 10,
        "ZZ",
        f"{header.sender:15.15}",
        "ZZ",
        f"{header.receiver:15.15}",
    ]
    isa += [f"{stamp:%y%m%d}", f"{stamp:%H%M}", "U", "00401", control, "0", "P", ">"]
    number = str(header.control)
    gs = [
        "GS",
        group,
        header.sender,
        header.receiver,
        f"{stamp:%Y%m%d}",
        f"{stamp:%H%M}",
        number,
        "X",
        "004010",
    ]
    lines = [isa, gs]
    for position, (code, segments) in enumerate(sets, 1):
        st = f"{position:04d}"
        lines += [["ST", code, st], *segments, ["SE", str(len(segments) + 2), st]]
    lines += [["GE", str(len(sets)), number], ["IEA", "1", control]]
    return "".join("*".join(_cut(line)) + "~\n" for line in lines)


def _cut(segment: Segment) -> Segment:
    """Separators inside a value would break the file; empty elements at the end are left out."""
    clean = [
        value if segment[0] == "ISA" else value.translate({42: " ", 126: " ", 62: " "}) for value in segment
    ]
    while clean and not clean[-1]:
        clean.pop()
    return clean


def acknowledgement(group: Group) -> list[Segment]:
    """The segments of a 997 about a group."""
    lines = [["AK1", group.code, group.control]]
    for one in group.sets:
        verdict = ["AK5", "R", one.error] if one.error else ["AK5", "A"]
        lines += [["AK2", one.code, one.control], verdict]
    good = sum(not one.error for one in group.sets)
    whole = "A" if good == len(group.sets) else "P" if good else "R"
    total = str(len(group.sets))
    return [*lines, ["AK9", whole, total, total, str(good)]]

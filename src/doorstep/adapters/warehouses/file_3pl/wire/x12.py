"""X12 interchanges: tokenized by the separators of their ISA segment, checked, acknowledged (997), written.

No library fits (docs/decisions/0027-x12.md): what is needed of the standard is the envelope, not the 300 transaction sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from doorstep.kernel import errors

Segment = list[str]
_ISA_CHARACTERS = 106
_ISA_ELEMENTS = 17  # with its name
_ELEMENTS = {"GS": 9, "ST": 3, "SE": 3, "GE": 3, "IEA": 3}
_COUNTS_DIFFER, _MISSING, _CONTROLS_DIFFER = "4", "5", "3"


@dataclass(slots=True)
class TransactionSet:
    """A document of an interchange: what is between ST and SE. `error` is the code of a broken envelope (AK502)."""

    code: str
    control: str
    segments: list[Segment] = field(default_factory=list)
    error: str = ""


@dataclass(slots=True)
class Group:
    """A functional group: documents of one kind."""

    code: str
    control: str
    sets: list[TransactionSet] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Interchange:
    """What is between ISA and IEA."""

    control: str
    groups: list[Group]

    @property
    def must_be_acknowledged(self) -> bool:
        """Every interchange is, except an acknowledgement."""
        return any(group.code != "FA" for group in self.groups)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends to whom, when, and under which control number."""

    sender: str
    receiver: str
    number: int
    at: datetime


def read(text: str) -> Interchange:
    """An interchange. Raises Invalid for what is none, or is cut off; a broken document is marked with its error."""
    if not text.startswith("ISA") or len(text) < _ISA_CHARACTERS:
        raise errors.Invalid("The file does not begin with an ISA segment.")
    segments = _segments(text, element=text[3], terminator=text[_ISA_CHARACTERS - 1])
    first, last = segments[0], segments[-1]
    if len(first) != _ISA_ELEMENTS:
        raise errors.Invalid("The ISA segment has not 16 elements.")
    if last[0] != "IEA" or last[2] != first[13]:
        raise errors.Invalid("The file is cut off: its last segment is not the IEA of its ISA.")
    return Interchange(first[13], _groups(segments[1:-1]))


def _segments(text: str, *, element: str, terminator: str) -> list[Segment]:
    found = [each.strip("\r\n").split(element) for each in text.split(terminator) if each.strip()]
    for segment in found:
        segment.extend([""] * (_ELEMENTS.get(segment[0], 0) - len(segment)))
    return found


def _groups(segments: Sequence[Segment]) -> list[Group]:
    groups: list[Group] = []
    current: TransactionSet | None = None
    for segment in segments:
        name = segment[0]
        if name == "GS":
            groups.append(Group(segment[1], segment[6]))
        elif not groups:
            raise errors.Invalid(f"The segment {name} stands before any group.")
        elif name == "ST":
            current = TransactionSet(segment[1], segment[2], error=_MISSING)  # until its SE is read
            groups[-1].sets.append(current)
        elif name == "SE" and current is not None:
            current.error = _closed(current, segment)
            current = None
        elif current is not None:
            current.segments.append(segment)
    return groups


def _closed(current: TransactionSet, closing: Segment) -> str:
    if closing[2] != current.control:
        return _CONTROLS_DIFFER
    return "" if closing[1] == str(len(current.segments) + 2) else _COUNTS_DIFFER


def acknowledged(interchange: Interchange) -> list[tuple[str, list[Segment]]]:
    """A 997 per group: which documents are accepted."""
    return [("", _acknowledged(group)) for group in interchange.groups]


def _acknowledged(group: Group) -> list[Segment]:
    good = sum(not each.error for each in group.sets)
    lines: list[Segment] = [["AK1", group.code, group.control]]
    for each in group.sets:
        lines.append(["AK2", each.code, each.control])
        lines.append(["AK5", "R", each.error] if each.error else ["AK5", "A"])
    verdict = "A" if good == len(group.sets) else "P" if good else "R"
    return [*lines, ["AK9", verdict, str(len(group.sets)), str(len(group.sets)), str(good)]]


def written(
    envelope: Envelope, *, group: str, code: str, sets: Sequence[tuple[str, Sequence[Segment]]]
) -> bytes:
    """An interchange with one group; `sets` are control numbers ("": counted) and the segments of each document."""
    at, number = envelope.at, envelope.number
    lines: list[Segment] = [
        [
            "ISA", "00", " " * 10, "00", " " * 10, "ZZ", f"{envelope.sender:15.15}", "ZZ", f"{envelope.receiver:15.15}",
            f"{at:%y%m%d}", f"{at:%H%M}", "U", "00401", f"{number:09d}", "0", "P", ">",
        ],
        ["GS", group, envelope.sender, envelope.receiver, f"{at:%Y%m%d}", f"{at:%H%M}", str(number), "X", "004010"],
    ]  # fmt: skip
    for position, (control, segments) in enumerate(sets, start=1):
        name = control or f"{position:04d}"
        cleaned = [_cleaned(each) for each in segments]
        lines += [["ST", code, name], *cleaned, ["SE", str(len(cleaned) + 2), name]]
    lines += [["GE", str(len(sets)), str(number)], ["IEA", "1", f"{number:09d}"]]
    return "".join("*".join(line) + "~\n" for line in lines).encode()


def _cleaned(segment: Segment) -> Segment:
    """Values without our separators and line breaks, and without empty elements at the end."""
    found = [" ".join(value.translate({ord(each): " " for each in "*~>"}).split()) for value in segment]
    while not found[-1]:
        found.pop()
    return found

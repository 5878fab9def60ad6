"""A rule set as a form: fields made from its types, and what was typed put back into the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import msgspec
from msgspec import inspect

from doorstep.domain.routing.model.rules import Routing, Rule, RuleSet, Sort
from doorstep.domain.routing.model.rules.fields import FIELDS
from doorstep.kernel import documents, errors
from doorstep.kernel.i18n import gettext
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.ids import whole_number

Part = TypeVar("Part", bound=msgspec.Struct)
NONE = "(none)"
BLANK_TIERS = 1
_PERCENT = 100


class Widget(StrEnum):
    """How a field is typed."""

    TEXT = "text"
    CODE = "code"
    NUMBER = "number"
    TICK = "tick"
    CHOICE = "choice"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: name, title, help, widget, value and options."""

    name: str
    title: str
    help: str
    widget: Widget
    value: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier of a choice as it is typed; the tolerance in percent."""

    by: str
    tolerance: str
    descending: bool


def fields_of(part: msgspec.Struct, prefix: str) -> list[Field]:
    """The simple fields of a part; other parts in it have forms of their own."""
    kind = type(part)
    found = []
    for each in inspect.type_info(kind).fields:  # type: ignore[attr-defined]  # of a struct it has fields
        widget = _widget(each.type, each.name)
        if widget is None:
            continue
        title, meaning = FIELDS[f"{kind.__name__}.{each.name}"]
        value = _typed(getattr(part, each.name))
        words = gettext(title), gettext(meaning)
        found.append(Field(f"{prefix}.{each.name}", *words, widget, value, _options(each.type)))
    return found


def _bare(kind: inspect.Type) -> inspect.Type:
    """A type without its bounds and its None."""
    if isinstance(kind, inspect.UnionType):
        return _bare(next(each for each in kind.types if not isinstance(each, inspect.NoneType)))
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _widget(kind: inspect.Type, name: str) -> Widget | None:
    bare = _bare(kind)
    if isinstance(bare, inspect.BoolType):
        return Widget.TICK
    if isinstance(bare, inspect.IntType | inspect.FloatType):
        return Widget.NUMBER
    if isinstance(bare, inspect.LiteralType):
        return Widget.CHOICE
    if isinstance(bare, inspect.VarTupleType):
        return None if isinstance(_bare(bare.item_type), inspect.StructType) else Widget.LIST
    if isinstance(bare, inspect.StrType):
        return Widget.CODE if name == "when" else Widget.TEXT
    return None


def _options(kind: inspect.Type) -> tuple[str, ...]:
    bare = _bare(kind)
    return tuple(map(str, bare.values)) if isinstance(bare, inspect.LiteralType) else ()


def _typed(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, tuple):
        return ", ".join(str(each) or NONE for each in value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def tiers_of(rule: Rule) -> list[Tier]:
    """The tiers of a rule, and an empty one to add another."""
    tiers = [Tier(each.by.value, f"{each.tolerance * _PERCENT:g}", each.descending) for each in rule.choose]
    return [*tiers, *[Tier("", "0", descending=False)] * BLANK_TIERS]


def _put(part: Part, prefix: str, form: Mapping[str, str]) -> Part:
    """A part with what was typed into its fields. Raises Invalid."""
    typed: dict[str, object] = {}
    for each in fields_of(part, prefix):
        text = form.get(each.name, "").strip()
        name = each.name.rpartition(".")[2]
        if each.widget is Widget.TICK:
            typed[name] = text == "yes"
        elif each.widget is Widget.LIST:
            typed[name] = [_item(item.strip()) for item in text.split(",") if item.strip()]
        elif each.widget is Widget.NUMBER:
            typed[name] = _number(text, each.title)
        else:
            typed[name] = text
    whole = {name: getattr(part, name) for name in part.__struct_fields__} | typed
    kept = {name: value for name, value in whole.items() if value is not None}
    return msgspec.convert(msgspec.to_builtins(kept), type(part))


def _item(text: str) -> str | int:
    return "" if text == NONE else text


def _number(text: str, title: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        raise errors.Invalid(_("{title}: enter a number.").format(title=title)) from None
    return int(number) if number.is_integer() else number


def put_rule(rule: Rule, prefix: str, form: Mapping[str, str]) -> Rule:
    """A rule with what was typed. Raises Invalid."""
    if f"{prefix}.name" not in form:
        return rule
    changed = _put(rule, prefix, form)
    return msgspec.structs.replace(
        changed,
        locations=_put(rule.locations, f"{prefix}.locations", form),
        split=_put(rule.split, f"{prefix}.split", form),
        remainder=_put(rule.remainder, f"{prefix}.remainder", form),
        choose=tuple(_sorts(prefix, form)),
    )


def _sorts(prefix: str, form: Mapping[str, str]) -> Iterator[Sort]:
    number = 0
    while (by := form.get(f"{prefix}.tier{number}.by")) is not None:
        if by:
            share = (
                _number(form.get(f"{prefix}.tier{number}.tolerance", "").strip(), "Tolerance") or 0
            ) / _PERCENT
            descending = form.get(f"{prefix}.tier{number}.descending") == "yes"
            yield msgspec.convert({"by": by, "tolerance": share, "descending": descending}, Sort)
        number += 1


def put_routing(routing: Routing, prefix: str, form: Mapping[str, str]) -> Routing:
    """A routing with what was typed, its rules left as they are. Raises Invalid."""
    if f"{prefix}.name" not in form:
        return routing
    changed = _put(routing, prefix, form)
    return msgspec.structs.replace(changed, orders=_put(routing.orders, f"{prefix}.orders", form))


Change = Callable[[Routing, str], Routing]


def each_routing(document: RuleSet, change: Change) -> RuleSet:
    """A document with every routing changed; a routing's prefix is run.routing, by their places."""
    runs = tuple(
        msgspec.structs.replace(
            run,
            routings=tuple(change(routing, f"{at}.{index}") for index, routing in enumerate(run.routings)),
        )
        for at, run in enumerate(document.runs)
    )
    return msgspec.structs.replace(document, runs=runs)


def merged(text: RuleSet, before: RuleSet, form: Mapping[str, str]) -> RuleSet:
    """The document of the text with what was typed into the form; `before` is what the form was made from.

    Only fields in which something else was typed count, so that both may be changed at once. Raises Invalid.
    """
    try:
        routings, rules = _typed_into(before, form)
    except msgspec.ValidationError as problem:
        raise errors.Invalid(_("{problem}: check this value.").format(problem=problem)) from problem

    def put(routing: Routing, prefix: str) -> Routing:
        changed = routings.get(prefix, routing)
        kept = tuple(rules.get(f"{prefix}.{rank}", rule) for rank, rule in enumerate(routing.rules))
        return msgspec.structs.replace(changed, rules=kept)

    return each_routing(text, put) if rules or routings else text


def _typed_into(before: RuleSet, form: Mapping[str, str]) -> tuple[dict[str, Routing], dict[str, Rule]]:
    """The parts in which something else was typed, by their place."""
    routings: dict[str, Routing] = {}
    rules: dict[str, Rule] = {}

    def changed(routing: Routing, prefix: str) -> Routing:
        changed = put_routing(routing, prefix, form)
        if changed != routing:
            routings[prefix] = changed
        for rank, rule in enumerate(routing.rules):
            at = f"{prefix}.{rank}"
            put = put_rule(rule, at, form)
            if put != rule:
                rules[at] = put
        return routing

    each_routing(before, changed)
    return routings, rules


def moved(document: RuleSet, verb: str, path: str) -> RuleSet:
    """A document with a rule moved, switched, copied or deleted. A path that no longer exists changes nothing."""
    prefix, _dot, last = path.rpartition(".")

    def change(routing: Routing, here: str) -> Routing:
        place = whole_number(last)
        if here != prefix or place is None or place >= len(routing.rules):
            return routing
        return msgspec.structs.replace(routing, rules=tuple(_moved(list(routing.rules), verb, place)))

    return each_routing(document, change)


def _moved(rules: list[Rule], verb: str, at: int) -> list[Rule]:
    rule = rules[at]
    to = {"up": at - 1, "down": at + 1}.get(verb, at)
    if verb in {"up", "down"} and 0 <= to < len(rules):
        rules[at], rules[to] = rules[to], rule
    elif verb == "switch":
        rules[at] = msgspec.structs.replace(rule, active=not rule.active)
    elif verb == "copy":
        rules.insert(at + 1, msgspec.structs.replace(rule, name=_fresh(rule.name, rules)))
    elif verb == "remove":
        del rules[at]
    return rules


def _fresh(name: str, rules: Sequence[Rule]) -> str:
    """A name that no rule has yet."""
    taken, number = {each.name for each in rules}, 2
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"


def read(text: str) -> documents.Text[RuleSet]:
    """The text of the editor, with the line ends of browsers replaced."""
    return documents.read(text.replace("\r\n", "\n"), RuleSet)

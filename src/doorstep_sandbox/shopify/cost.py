"""Read a GraphQL document: its first field, and an approximate cost in points."""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)
from graphql.language import IntValueNode, StringValueNode, VariableNode

from doorstep_sandbox.frame.wire import Json

MUTATION_COST = 10


def root_field(document: str, operation: str | None) -> str:
    """The first root field of the operation that will run; empty for an unreadable document."""
    node = _first_field(document, operation)
    return node.name.value if node else ""


def idempotency_key(document: str, variables: Json, operation: str | None) -> str:
    """The key of @idempotent(key:) on the first root field, as a literal or a variable."""
    node = _first_field(document, operation)
    for directive in node.directives or () if node else ():
        if directive.name.value == "idempotent" and directive.arguments:
            value = directive.arguments[0].value
            if isinstance(value, VariableNode):
                return str(variables.get(value.name.value) or "")
            return value.value if isinstance(value, StringValueNode) else ""
    return ""


def _first_field(document: str, operation: str | None) -> FieldNode | None:
    try:
        node = _operation(parse(document), operation)
    except GraphQLError:
        return None
    first = node.selection_set.selections[0] if node else None
    return first if isinstance(first, FieldNode) else None


def points(document: str, variables: Json, operation: str | None) -> int:
    """An approximate cost: objects 1, connections the root of their size, a mutation 10. Not the vendor's formula."""
    try:
        tree = parse(document)
    except GraphQLError:
        return 1
    node = _operation(tree, operation)
    if node is None:
        return 1
    fragments = {one.name.value: one for one in tree.definitions if isinstance(one, FragmentDefinitionNode)}
    base = MUTATION_COST if node.operation.value == "mutation" else 0
    return max(1, base + _cost(node.selection_set, variables, fragments))


def _operation(tree: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    found = [one for one in tree.definitions if isinstance(one, OperationDefinitionNode)]
    if name:
        found = [one for one in found if one.name and one.name.value == name]
    return found[0] if found else None


def _cost(selections: SelectionSetNode, variables: Json, fragments: dict[str, FragmentDefinitionNode]) -> int:
    total = 0
    for node in selections.selections:
        if isinstance(node, FieldNode) and node.selection_set:
            total += 1 + int(_cost(node.selection_set, variables, fragments) * _size(node, variables) ** 0.5)
        elif isinstance(node, InlineFragmentNode):
            total += _cost(node.selection_set, variables, fragments)
        elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments:
            total += _cost(fragments[node.name.value].selection_set, variables, fragments)
    return total


def _size(node: FieldNode, variables: Json) -> int:
    for argument in node.arguments or ():
        if argument.name.value in {"first", "last"}:
            if isinstance(argument.value, IntValueNode):
                return max(1, int(argument.value.value))
            if isinstance(argument.value, VariableNode):
                return max(1, int(variables.get(argument.value.name.value) or 1))
    return 1

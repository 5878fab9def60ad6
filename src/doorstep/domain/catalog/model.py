"""A SKU: what is sold, weighed, taxed and priced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.kernel import errors
from doorstep.kernel.ids import Sku


@dataclass(frozen=True, slots=True)
class Item:
    """One sellable thing. Price per piece in minor units, tax included; GST rate in basis points (1200 = 12 %)."""

    sku: Sku
    title: str
    style: str
    category: str
    colour: str
    size: str
    barcode: str
    weight_grams: int
    hsn: str
    gst_rate_basis_points: int
    price_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Part:
    """`pieces` of a SKU in a condition (new, b_grade) that one piece of a sellable SKU consists of."""

    sku: Sku
    condition: str
    pieces: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a kit (several parts) or a graded SKU (one part in another condition, at its own price) is made of."""

    sku: Sku
    parts: tuple[Part, ...]


GRADES = ("new", "b_grade")


def check_recipe(recipe: Recipe) -> None:
    """Raise Invalid for what nobody could pick: no parts, a part twice, itself in new, nothing of something."""
    if not recipe.parts:
        raise errors.Invalid(f"{recipe.sku} needs at least one part.", field="parts")
    kinds = [(part.sku, part.condition) for part in recipe.parts]
    if len(set(kinds)) < len(kinds):
        raise errors.Invalid(f"{recipe.sku} names a part twice: add the pieces up.", field="parts")
    for part in recipe.parts:
        if part.sku == recipe.sku:
            raise errors.Invalid(f"{recipe.sku} cannot be a part of itself.", field="parts")
        if part.condition not in GRADES:
            raise errors.Invalid(f"{part.condition} is not sold: choose new or b_grade.", field="condition")
        if part.pieces < 1:
            raise errors.Invalid(f"{recipe.sku} needs at least 1 piece of {part.sku}.", field="pieces")


def itself(sku: Sku) -> tuple[Part, ...]:
    """What an ordinary SKU consists of."""
    return (Part(sku, "new", 1),)


def nested(recipes: Sequence[Recipe], made: set[str], used: set[str]) -> str | None:
    """A SKU that would be both made of parts and a part; kits of kits are not picked. `made` and `used` stand already."""
    makes = made | {recipe.sku for recipe in recipes}
    uses = used | {part.sku for recipe in recipes for part in recipe.parts}
    return min(makes & uses, default=None)

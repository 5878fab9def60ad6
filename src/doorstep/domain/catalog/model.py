"""A SKU: title, weight, tax and price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.kernel import errors
from doorstep.kernel.ids import Sku


@dataclass(frozen=True, slots=True)
class Item:
    """A sellable SKU. Price per unit in minor units, tax included; GST rate in basis points (1200 = 12 %)."""

    sku: Sku
    title: str
    style: str
    category: str
    color: str
    size: str
    barcode: str
    weight_grams: int
    hsn: str
    gst_rate_basis_points: int
    price_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Part:
    """A component: `quantity` units of a SKU in a condition (new, b_grade) per unit of the sold SKU."""

    sku: Sku
    condition: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """The components of a kit, or of a B-grade SKU (one component in another condition, at its own price)."""

    sku: Sku
    parts: tuple[Part, ...]


GRADES = ("new", "b_grade")


def check_recipe(recipe: Recipe) -> None:
    """Raise Invalid for a recipe that cannot be picked: no components, a component twice, itself in new, zero units."""
    if not recipe.parts:
        raise errors.Invalid(f"{recipe.sku} needs at least one component.", field="parts")
    kinds = [(part.sku, part.condition) for part in recipe.parts]
    if len(set(kinds)) < len(kinds):
        raise errors.Invalid(f"{recipe.sku} lists a component twice: add up the units.", field="parts")
    for part in recipe.parts:
        if part.sku == recipe.sku:
            raise errors.Invalid(f"{recipe.sku} cannot be a component of itself.", field="parts")
        if part.condition not in GRADES:
            raise errors.Invalid(
                f"{part.condition} cannot be sold: choose new or b_grade.", field="condition"
            )
        if part.quantity < 1:
            raise errors.Invalid(f"{recipe.sku} needs at least 1 unit of {part.sku}.", field="quantity")


def itself(sku: Sku) -> tuple[Part, ...]:
    """The recipe of an ordinary SKU: itself."""
    return (Part(sku, "new", 1),)


def nested(recipes: Sequence[Recipe], made: set[str], used: set[str]) -> str | None:
    """A SKU that would be both a kit and a component; kits of kits are not supported. `made` and `used` exist already."""
    makes = made | {recipe.sku for recipe in recipes}
    uses = used | {part.sku for recipe in recipes for part in recipe.parts}
    return min(makes & uses, default=None)

"""Create items, kits and B-grade SKUs."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.catalog import model, store
from doorstep.domain.catalog.model import Item, Recipe
from doorstep.kernel import errors, money
from doorstep.kernel.db import WriteTx


def put(tx: WriteTx, *, items: Sequence[Item]) -> None:
    """Create or replace items by SKU; raises Invalid for an unknown currency."""
    for item in items:
        money.exponent(item.currency)
    store.upsert_items(tx, items)


def compose(tx: WriteTx, *, recipes: Sequence[Recipe]) -> None:
    """Set the components of kits and B-grade SKUs from now on; reserved orders keep what they have.

    Raises Invalid for recipes that cannot be picked or a kit within a kit; NotFound for unknown SKUs.
    """
    for recipe in recipes:
        model.check_recipe(recipe)
    skus = {recipe.sku for recipe in recipes}
    named = skus | {part.sku for recipe in recipes for part in recipe.parts}
    missing = sorted(named - store.select_known(tx, skus=sorted(named)))
    if missing:
        raise errors.NotFound(f"The catalog does not have {', '.join(missing)}.")
    both = model.nested(recipes, *store.select_made_and_used(tx, besides=sorted(skus)))
    if both is not None:
        raise errors.Invalid(
            f"{both} would be both a kit and a component: use its components instead.", field="parts"
        )
    store.replace_recipes(tx, recipes)


def dissolve(tx: WriteTx, *, skus: Sequence[str]) -> None:
    """Remove the recipes of these SKUs."""
    store.delete_recipes(tx, skus=skus)

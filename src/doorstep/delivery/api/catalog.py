"""Catalog: SKUs, and the components of kits and B-grade SKUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AliasChoices, BaseModel, Field

from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.shapes import Money, money
from doorstep.domain.catalog import actions, views
from doorstep.domain.catalog.model import Item, Part, Recipe
from doorstep.domain.identity.model import Permission
from doorstep.flows.stock import items
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku

router = APIRouter(tags=["Catalog"])
Name = Annotated[str, Field(min_length=1, max_length=200)]


class NewItem(BaseModel):
    """A SKU. The price is per unit, tax included; GST in basis points (500 = 5 %)."""

    title: Name = Field(description="The title.")
    style: str = Field("", description="The style that its sizes and colors share.")
    category: str = Field("", description="The category.")
    color: str = Field("", description="The color.", validation_alias=AliasChoices("color", "colour"))
    size: str = Field("", description="The size.")
    barcode: str = Field("", description="The barcode (GTIN).")
    weight_grams: int = Field(ge=0, description="The weight in grams.")
    hsn: str = Field("", description="The tariff code (HS or HSN) for invoices.")
    gst_rate_basis_points: int = Field(
        0, ge=0, le=10_000, description="The tax rate in hundredths of a percent."
    )
    price_minor: int = Field(ge=0, description="The price in minor units of the currency.")
    currency: str = Field(pattern="^[A-Z]{3}$", description="The currency, ISO 4217.")


class NewPart(BaseModel):
    """`quantity` units of a SKU in a condition."""

    sku: Name = Field(description="The SKU.")
    condition: Literal["new", "b_grade"] = Field("new", description="The condition of the units.")
    quantity: int = Field(
        1,
        ge=1,
        le=1_000,
        description="The units of this part in one kit.",
        validation_alias=AliasChoices("quantity", "pieces"),
    )


class NewRecipe(BaseModel):
    """The components of one unit: several make a kit, one part in b_grade makes a B-grade SKU."""

    parts: list[NewPart] = Field(min_length=1, max_length=100, description="The parts of the kit.")


class CatalogItem(BaseModel):
    """A SKU. The price is per unit, tax included; GST in basis points (500 = 5 %)."""

    sku: str
    title: str
    style: str
    category: str
    color: str
    size: str
    barcode: str
    weight_grams: int
    hsn: str
    gst_rate_basis_points: int
    price: Money


class Component(BaseModel):
    """`quantity` units of a SKU in a condition."""

    sku: str
    condition: str
    quantity: int


class Described(BaseModel):
    """A SKU and its components; an ordinary SKU has itself as its only component."""

    item: CatalogItem
    parts: list[Component]


class ItemSaved(BaseModel):
    """A SKU that was saved."""

    sku: str


class RecipeSaved(ItemSaved):
    """A SKU, and how many components it has; 0: it is an ordinary SKU."""

    parts: int


def _described(item: Item, parts: Sequence[Part]) -> Described:
    fields = asdict(item)
    price = money(fields.pop("price_minor"), fields.pop("currency"))
    return Described(
        item=CatalogItem(price=price, **fields), parts=[Component(**asdict(each)) for each in parts]
    )


@router.get("/skus")
def list_skus(
    calling: Calling, sku: Annotated[list[str], Query(description="SKUs to look up.", max_length=500)]
) -> list[Described]:
    """Get these SKUs, with the components of kits and B-grade SKUs. SKUs that are not in the catalog are left out."""
    calling.principal.require(Permission.INVENTORY_READ)

    def look(tx: ReadTx) -> list[Described]:
        parts = views.parts(tx, skus=sku)
        found = sorted(views.items(tx, skus=sku).values(), key=lambda item: item.sku)
        return [_described(item, parts[item.sku]) for item in found]

    return calling.read(look)


@router.put("/skus/{sku:path}/parts")
def set_components(calling: Calling, sku: Name, body: NewRecipe) -> RecipeSaved:
    """Make a SKU a kit or a B-grade SKU. Orders that are reserved keep their components."""
    calling.principal.require(Permission.INVENTORY_WRITE)
    parts = tuple(Part(Sku(part.sku), part.condition, part.quantity) for part in body.parts)

    def work(tx: WriteTx) -> RecipeSaved:
        actions.compose(tx, recipes=[Recipe(Sku(sku), parts)])
        return RecipeSaved(sku=sku, parts=len(parts))

    return calling.write(work)


@router.delete("/skus/{sku:path}/parts")
def remove_components(calling: Calling, sku: Name) -> RecipeSaved:
    """Make it an ordinary SKU again."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> RecipeSaved:
        if not views.known(tx, skus=[sku]):
            raise errors.NotFound(f"The catalog does not have {sku}.")
        actions.dissolve(tx, skus=[sku])
        return RecipeSaved(sku=sku, parts=0)

    return calling.write(work)


# Last: a SKU may contain slashes, so this path also matches the paths of its components.
@router.put("/skus/{sku:path}")
def put_sku(calling: Calling, sku: Name, body: NewItem) -> ItemSaved:
    """Create or replace a SKU."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> ItemSaved:
        items.put(tx, items=[Item(sku=Sku(sku), **body.model_dump())])
        return ItemSaved(sku=sku)

    return calling.write(work)

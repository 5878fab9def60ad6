"""Catalog: SKUs, and the components of kits and B-grade SKUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Calling
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

    title: Name
    style: str = ""
    category: str = ""
    colour: str = ""
    size: str = ""
    barcode: str = ""
    weight_grams: int = Field(ge=0)
    hsn: str = ""
    gst_rate_basis_points: int = Field(0, ge=0, le=10_000)
    price_minor: int = Field(ge=0)
    currency: str = Field(pattern="^[A-Z]{3}$")


class NewPart(BaseModel):
    """`pieces` units of a SKU in a condition."""

    sku: Name
    condition: Literal["new", "b_grade"] = "new"
    pieces: int = Field(1, ge=1, le=1_000)


class NewRecipe(BaseModel):
    """The components of one unit: several make a kit, one part in b_grade makes a B-grade SKU."""

    parts: list[NewPart] = Field(min_length=1, max_length=100)


@dataclass(frozen=True, slots=True)
class Described:
    """A SKU and its components; an ordinary SKU has itself as its only component."""

    item: Item
    parts: list[Part]


@router.get("/skus")
def list_skus(
    calling: Calling, sku: Annotated[list[str], Query(description="SKUs to look up.", max_length=500)]
) -> list[Described]:
    """Get these SKUs, with the components of kits and B-grade SKUs. SKUs that are not in the catalog are left out."""
    calling.principal.require(Permission.INVENTORY_READ)

    def look(tx: ReadTx) -> list[Described]:
        parts = views.parts(tx, skus=sku)
        found = sorted(views.items(tx, skus=sku).values(), key=lambda item: item.sku)
        return [Described(item, list(parts[item.sku])) for item in found]

    return calling.read(look)


@router.put("/skus/{sku:path}/parts")
def compose(calling: Calling, sku: Name, body: NewRecipe) -> dict[str, object]:
    """Make a SKU a kit or a B-grade SKU. Orders that are reserved keep their components."""
    calling.principal.require(Permission.INVENTORY_WRITE)
    parts = tuple(Part(Sku(part.sku), part.condition, part.pieces) for part in body.parts)

    def work(tx: WriteTx) -> dict[str, object]:
        actions.compose(tx, recipes=[Recipe(Sku(sku), parts)])
        return {"sku": sku, "parts": len(parts)}

    return calling.write(work)


@router.delete("/skus/{sku:path}/parts")
def dissolve(calling: Calling, sku: Name) -> dict[str, object]:
    """Make it an ordinary SKU again."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> dict[str, object]:
        if not views.known(tx, skus=[sku]):
            raise errors.NotFound(f"The catalog does not have {sku}.")
        actions.dissolve(tx, skus=[sku])
        return {"sku": sku, "parts": 0}

    return calling.write(work)


# Last: a SKU may contain slashes, so this path also matches the paths of its components.
@router.put("/skus/{sku:path}")
def put_sku(calling: Calling, sku: Name, body: NewItem) -> dict[str, object]:
    """Create or replace a SKU."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> dict[str, object]:
        items.put(tx, items=[Item(sku=Sku(sku), **body.model_dump())])
        return {"sku": sku}

    return calling.write(work)

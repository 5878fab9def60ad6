"""SQL of policies: computed per SKU, location and channel when a rule changes, looked up by answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from doorstep.domain.inventory.model.policies import ChannelPolicy
from doorstep.domain.inventory.model.rules import Scope
from doorstep.kernel.db import ReadTx, WriteTx

# The scope of a computation: `items` and `places` are its SKUs and locations, `targets` the SKUs of each rule with the
# specificity of the match (0 by SKU, 1 by style, 2 by category, 3 for a rule without SKUs).
_TOUCHED: LiteralString = """
WITH items AS MATERIALIZED (
    SELECT sku, style, category FROM skus WHERE sku = ANY(%(skus)s)
), places AS MATERIALIZED (
    SELECT id, code, kind FROM locations
     WHERE %(all_places)s OR code = ANY(%(locations)s) OR kind = ANY(%(location_kinds)s)
), targets AS MATERIALIZED (
    SELECT rule_id, sku, min(rank) AS rank FROM (
        SELECT r.id AS rule_id, i.sku, 0 AS rank FROM atp_rules r, unnest(r.skus) AS named JOIN items i ON i.sku = named
         WHERE r.active
        UNION ALL
        SELECT r.id, i.sku, 1 FROM atp_rules r, unnest(r.styles) AS named JOIN items i ON i.style = named WHERE r.active
        UNION ALL
        SELECT r.id, i.sku, 2 FROM atp_rules r, unnest(r.categories) AS named JOIN items i ON i.category = named
         WHERE r.active
        UNION ALL
        SELECT r.id, i.sku, 3 FROM atp_rules r, items i
         WHERE r.active AND cardinality(r.skus) + cardinality(r.styles) + cardinality(r.categories) = 0
    ) AS named GROUP BY rule_id, sku
)
"""

_NODES: LiteralString = (
    _TOUCHED
    + """
, matched AS MATERIALIZED (
    SELECT r.id, r.kind, r.value, r.precedence, r.channels, t.sku, p.id AS location_id, t.rank AS goods_rank,
           CASE WHEN p.code = ANY(r.locations) THEN 0 WHEN p.kind = ANY(r.location_kinds) THEN 1 ELSE 2 END AS place_rank
      FROM targets t JOIN atp_rules r ON r.id = t.rule_id
      JOIN places p ON p.code = ANY(r.locations) OR p.kind = ANY(r.location_kinds)
                    OR cardinality(r.locations) + cardinality(r.location_kinds) = 0
     WHERE r.kind IN ('safety_stock', 'allow_ship', 'allow_pickup', 'exclude')
), channels AS (
    SELECT DISTINCT sku, location_id, channel FROM matched, unnest(array_append(channels, '')) AS channel
), decided AS (
    SELECT DISTINCT ON (c.sku, c.location_id, c.channel, m.kind)
           c.sku, c.location_id, c.channel, m.kind, m.value, m.id
      FROM channels c JOIN matched m ON m.sku = c.sku AND m.location_id = c.location_id
       AND (cardinality(m.channels) = 0 OR c.channel = ANY(m.channels))
     ORDER BY c.sku, c.location_id, c.channel, m.kind, m.precedence, m.goods_rank, m.place_rank,
              cardinality(m.channels) = 0, m.id DESC
), wanted AS MATERIALIZED (
    SELECT sku, location_id, channel,
           max(value) FILTER (WHERE kind = 'safety_stock') AS safety_stock,
           max(id) FILTER (WHERE kind = 'safety_stock') AS safety_stock_rule,
           bool_or(value = 1) FILTER (WHERE kind = 'allow_ship') AS allow_ship,
           max(id) FILTER (WHERE kind = 'allow_ship') AS allow_ship_rule,
           bool_or(value = 1) FILTER (WHERE kind = 'allow_pickup') AS allow_pickup,
           max(id) FILTER (WHERE kind = 'allow_pickup') AS allow_pickup_rule,
           bool_or(value = 1) FILTER (WHERE kind = 'exclude') AS exclude,
           max(id) FILTER (WHERE kind = 'exclude') AS exclude_rule
      FROM decided GROUP BY sku, location_id, channel
), removed AS (
    DELETE FROM location_policies n USING items, places
     WHERE n.sku = items.sku AND n.location_id = places.id
       AND NOT EXISTS (SELECT FROM wanted w
                        WHERE (w.sku, w.location_id, w.channel) = (n.sku, n.location_id, n.channel))
    RETURNING n.sku, n.location_id
), written AS (
    INSERT INTO location_policies AS n SELECT * FROM wanted
    ON CONFLICT (sku, location_id, channel) DO UPDATE
       SET (safety_stock, safety_stock_rule, allow_ship, allow_ship_rule, allow_pickup, allow_pickup_rule, exclude,
            exclude_rule)
         = (excluded.safety_stock, excluded.safety_stock_rule, excluded.allow_ship, excluded.allow_ship_rule,
            excluded.allow_pickup, excluded.allow_pickup_rule, excluded.exclude, excluded.exclude_rule)
     WHERE n.* IS DISTINCT FROM excluded.*
    RETURNING n.sku, n.location_id
)
SELECT count(*) FROM (SELECT sku, location_id FROM removed UNION SELECT sku, location_id FROM written) AS changed
"""
)

_CHANNELS: LiteralString = (
    _TOUCHED
    + """
, matched AS MATERIALIZED (
    SELECT r.id, r.value, r.precedence, r.channels, t.sku, t.rank FROM targets t JOIN atp_rules r ON r.id = t.rule_id
     WHERE r.kind = 'threshold'
), channels AS (
    SELECT DISTINCT sku, channel FROM matched, unnest(array_append(channels, '')) AS channel
), wanted AS MATERIALIZED (
    SELECT DISTINCT ON (c.sku, c.channel) c.sku, c.channel, m.value AS threshold, m.id AS threshold_rule
      FROM channels c JOIN matched m ON m.sku = c.sku AND (cardinality(m.channels) = 0 OR c.channel = ANY(m.channels))
     ORDER BY c.sku, c.channel, m.precedence, m.rank, cardinality(m.channels) = 0, m.id DESC
), removed AS (
    DELETE FROM channel_policies n USING items WHERE n.sku = items.sku
       AND NOT EXISTS (SELECT FROM wanted w WHERE (w.sku, w.channel) = (n.sku, n.channel))
    RETURNING n.sku
), written AS (
    INSERT INTO channel_policies AS n SELECT * FROM wanted
    ON CONFLICT (sku, channel) DO UPDATE
       SET (threshold, threshold_rule) = (excluded.threshold, excluded.threshold_rule)
     WHERE n.* IS DISTINCT FROM excluded.*
    RETURNING n.sku
)
SELECT count(*) FROM (SELECT sku FROM removed UNION SELECT sku FROM written) AS changed
"""
)

_POOLS: LiteralString = (
    _TOUCHED
    + """
, wanted AS MATERIALIZED (
    SELECT DISTINCT ON (t.sku, r.audience) t.sku, r.audience, r.value AS quantity, r.id AS rule
      FROM targets t JOIN atp_rules r ON r.id = t.rule_id WHERE r.kind = 'pool'
     ORDER BY t.sku, r.audience, r.precedence, t.rank, r.id DESC
), removed AS (
    DELETE FROM pools n USING items WHERE n.sku = items.sku
       AND NOT EXISTS (SELECT FROM wanted w WHERE (w.sku, w.audience) = (n.sku, n.audience))
    RETURNING n.sku
), written AS (
    INSERT INTO pools AS n SELECT * FROM wanted
    ON CONFLICT (sku, audience) DO UPDATE SET (quantity, rule) = (excluded.quantity, excluded.rule)
     WHERE n.* IS DISTINCT FROM excluded.*
    RETURNING n.sku
)
SELECT count(*) FROM (SELECT sku FROM removed UNION SELECT sku FROM written) AS changed
"""
)


def _touching(scope: Scope) -> dict[str, object]:
    return {
        "all_goods": not scope.names_goods,
        "skus": list(scope.skus),
        "styles": list(scope.styles),
        "categories": list(scope.categories),
        "all_places": not scope.names_locations,
        "locations": list(scope.locations),
        "location_kinds": list(scope.location_kinds),
    }


def select_touched(tx: ReadTx, *, within: Scope) -> list[str]:
    """The SKUs of a scope."""
    return tx.column(
        str,
        """
        SELECT sku FROM skus
         WHERE %(all_goods)s OR sku = ANY(%(skus)s) OR style = ANY(%(styles)s) OR category = ANY(%(categories)s)
         ORDER BY sku
        """,
        _touching(within),
    )


def calculate_nodes(tx: WriteTx, *, within: Scope) -> int:
    """Recompute location_policies for these SKUs and locations; returns how many pairs changed."""
    return tx.value(int, _NODES, _touching(within))


def calculate_channels(tx: WriteTx, *, within: Scope) -> int:
    """Recompute channel_policies for these SKUs; returns how many changed."""
    return tx.value(int, _CHANNELS, _touching(within))


def calculate_pools(tx: WriteTx, *, within: Scope) -> int:
    """Recompute pools for these SKUs; returns how many changed. Units used stay used."""
    return tx.value(int, _POOLS, _touching(within))


def is_behind(tx: ReadTx) -> bool:
    """Whether a SKU or location is new or changed since policies were computed."""
    return tx.value(
        bool,
        """
        SELECT EXISTS (SELECT FROM skus k LEFT JOIN policy_skus p USING (sku)
                        WHERE p.sku IS NULL OR (p.style, p.category) <> (k.style, k.category))
            OR EXISTS (SELECT FROM locations l LEFT JOIN policy_locations p ON p.location_id = l.id
                        WHERE p.location_id IS NULL OR (p.code, p.kind) <> (l.code, l.kind)) AS is_behind
        """,
    )


def save_skus(tx: WriteTx, *, skus: Sequence[str] | None = None) -> list[str]:
    """Mark these SKUs (None: all) as known to the policies; returns those that were not."""
    return tx.column(
        str,
        """
        INSERT INTO policy_skus AS p SELECT sku, style, category FROM skus
         WHERE %(skus)s::text[] IS NULL OR sku = ANY(%(skus)s)
        ON CONFLICT (sku) DO UPDATE SET (style, category) = (excluded.style, excluded.category)
         WHERE (p.style, p.category) <> (excluded.style, excluded.category) RETURNING sku
        """,
        {"skus": None if skus is None else list(skus)},
    )


def save_locations(tx: WriteTx) -> list[str]:
    """Mark all locations as known to the policies; returns the codes of those that were not."""
    return tx.column(
        str,
        """
        INSERT INTO policy_locations AS p SELECT id, code, kind FROM locations
        ON CONFLICT (location_id) DO UPDATE SET (code, kind) = (excluded.code, excluded.kind)
         WHERE (p.code, p.kind) <> (excluded.code, excluded.kind) RETURNING code
        """,
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """One combination of policies, and where it applies as two parallel lists: many positions have the same."""

    channel: str
    safety_stock: int | None
    safety_stock_rule: int | None
    allow_ship: bool | None
    allow_ship_rule: int | None
    allow_pickup: bool | None
    allow_pickup_rule: int | None
    exclude: bool | None
    exclude_rule: int | None
    skus: list[str]
    locations: list[int]


def select_settings(tx: ReadTx, *, skus: Sequence[str], channels: Sequence[str]) -> list[Setting]:
    """The policies of these SKUs at locations, for these channels."""
    return tx.all(
        Setting,
        """
        SELECT channel, safety_stock, safety_stock_rule, allow_ship, allow_ship_rule, allow_pickup, allow_pickup_rule,
               exclude, exclude_rule, array_agg(sku) AS skus, array_agg(location_id) AS locations
          FROM location_policies WHERE sku = ANY(%s) AND channel = ANY(%s)
         GROUP BY channel, safety_stock, safety_stock_rule, allow_ship, allow_ship_rule, allow_pickup, allow_pickup_rule,
                  exclude, exclude_rule
        """,
        (list(skus), list(channels)),
    )


def select_channels(tx: ReadTx, *, skus: Sequence[str], channels: Sequence[str]) -> list[ChannelPolicy]:
    """The policies of these SKUs for these channels."""
    return tx.all(
        ChannelPolicy,
        "SELECT * FROM channel_policies WHERE sku = ANY(%s) AND channel = ANY(%s)",
        (list(skus), list(channels)),
    )

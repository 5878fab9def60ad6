-- Plain names of tables, columns, and of fields in events and documents. It renames what older processes use, so they must be
-- stopped first (docs/guides/operator.md, Upgrade).
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '30min';
-- squawk-ignore-file renaming-column, renaming-table

ALTER TABLE idle_work RENAME TO unaccepted_work;
ALTER TABLE location_pace RENAME TO location_throughput;
ALTER TABLE node_policies RENAME TO location_policies;
ALTER TABLE stock_feed_troubles RENAME TO stock_feed_problems;
ALTER TABLE stock_holds RENAME TO cart_reservations;

ALTER TABLE sku_parts RENAME COLUMN pieces TO quantity;
ALTER TABLE skus RENAME COLUMN colour TO color;
ALTER TABLE routing_decisions RENAME COLUMN receipt TO explanation;
ALTER TABLE routing_decisions RENAME COLUMN short_pieces TO short_units;
ALTER TABLE routing_trial_orders RENAME COLUMN short_pieces TO short_units;
ALTER TABLE routing_trials RENAME COLUMN seen_at TO acknowledged_at;
ALTER TABLE routing_prices RENAME COLUMN thing TO stock_key;
ALTER TABLE lab_runs RENAME COLUMN asked_by TO requested_by;
ALTER TABLE lab_runs RENAME COLUMN asked_at TO requested_at;
ALTER TABLE label_purchases RENAME COLUMN asked_at TO called_at;
ALTER TABLE refunds RENAME COLUMN asked_at TO called_at;
ALTER TABLE fulfillment_orders RENAME COLUMN asked_back_at TO recall_requested_at;
ALTER TABLE fulfillment_orders RENAME COLUMN asked_back_by TO recall_requested_by;
ALTER TABLE fulfillment_orders RENAME COLUMN asked_back_why TO recall_reason;
ALTER TABLE messages RENAME COLUMN fact TO event_key;

UPDATE fulfillment_orders SET reject_reason = 'recalled' WHERE reject_reason = 'asked_back';

-- The log is append-only; these renames of fields are an exception, in a transaction of their own.
ALTER TABLE events DISABLE TRIGGER USER;
UPDATE events SET data = data - 'pieces' || jsonb_build_object('units', data -> 'pieces')
 WHERE type IN ('stock.received', 'transfer.shipped', 'transfer.received') AND data ? 'pieces';
UPDATE events SET data = data || '{"reason": "recalled"}'
 WHERE type = 'fulfillment.rejected' AND data ->> 'reason' = 'asked_back';
ALTER TABLE events ENABLE TRIGGER USER;

-- Answers that are kept for a day, so that a repeated call gets the first one again.
UPDATE idempotency_keys SET response = jsonb_build_object('results', (
    SELECT jsonb_agg((e.result - '{status,headline,held_because}'::text[]) || jsonb_build_object(
                'result', e.result -> 'status', 'hold_reasons', e.result -> 'held_because',
                'status', lower(replace(e.result ->> 'headline', 'ORDER_', ''))) ORDER BY e.number)
      FROM jsonb_array_elements(response -> 'results') WITH ORDINALITY AS e (result, number)))
 WHERE jsonb_typeof(response -> 'results') = 'array' AND response #> '{results,0}' ? 'headline';

-- Results of the lab.
UPDATE lab_runs SET before = before - 'short_pieces' || jsonb_build_object('short_units', before -> 'short_pieces')
 WHERE before ? 'short_pieces';
UPDATE lab_runs SET after = after - 'short_pieces' || jsonb_build_object('short_units', after -> 'short_pieces')
 WHERE after ? 'short_pieces';
UPDATE lab_changes SET before = before - 'short_pieces' || jsonb_build_object('short_units', before -> 'short_pieces'),
                       after = after - 'short_pieces' || jsonb_build_object('short_units', after -> 'short_pieces')
 WHERE before ? 'short_pieces';

-- Renames fields at any depth, and variables in conditions. What is below "stock" are SKUs and location codes, which stay.
CREATE FUNCTION pg_temp.fields_renamed(part jsonb, names jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    IF jsonb_typeof(part) = 'array' THEN
        RETURN (SELECT coalesce(jsonb_agg(pg_temp.fields_renamed(e.item, names) ORDER BY e.number), '[]')
                  FROM jsonb_array_elements(part) WITH ORDINALITY AS e (item, number));
    ELSIF jsonb_typeof(part) = 'object' THEN
        RETURN (
            SELECT coalesce(jsonb_object_agg(
                       coalesce(names ->> e.key, e.key),
                       CASE WHEN e.key = 'stock' THEN e.value
                            WHEN e.key = 'when' AND jsonb_typeof(e.value) = 'string' THEN
                                to_jsonb(replace(replace(e.value #>> '{}', 'order.pieces', 'order.units'),
                                                 'location.room', 'location.free_capacity'))
                            ELSE pg_temp.fields_renamed(e.value, names) END), '{}')
              FROM jsonb_each(part) AS e (key, value));
    END IF;
    RETURN part;
END
$$;

-- Documents never change; this rename of fields is an exception. A digest stays: it identifies the version.
ALTER TABLE routing_rule_versions DISABLE TRIGGER USER;
UPDATE routing_rule_versions SET document = changed.document
  FROM (SELECT number, pg_temp.fields_renamed(document, '{"piece_minor": "unit_minor", "room": "free_capacity", "places": "locations",
                                                         "only_places": "only_locations"}') AS document
          FROM routing_rule_versions) AS changed
 WHERE changed.number = routing_rule_versions.number AND changed.document <> routing_rule_versions.document;
ALTER TABLE routing_rule_versions ENABLE TRIGGER USER;
UPDATE network_documents SET document = pg_temp.fields_renamed(document, '{"piece_minor": "unit_minor"}')
 WHERE document::text LIKE '%"piece_minor"%';

COMMENT ON TABLE atp_rules IS 'Availability rules of planners. Each change is an event of stream atp_rule with the complete rule.';
COMMENT ON COLUMN atp_rules.locations IS 'Location codes. A rule applies to locations named here or of a kind in location_kinds; both empty: to all.';
COMMENT ON COLUMN atp_rules.precedence IS 'The lower number wins, then the more specific rule, then the newer one (higher id).';
COMMENT ON COLUMN atp_rules.skus IS 'A rule applies to SKUs named here, or in its styles or categories; all empty: to every SKU.';
COMMENT ON COLUMN atp_rules.value IS 'Units; for allow_ship, allow_pickup and exclude 1 is yes and 0 is no.';
COMMENT ON TABLE carrier_outages IS 'Carriers that get no parcels until until_at (NULL: until a person ends the outage).';
COMMENT ON COLUMN carrier_outages.is_noticed IS 'Detected from failing calls. Such an outage ends with the next label that is bought.';
COMMENT ON TABLE cart_reservations IS 'Soft reservations of carts and checkouts, per component; line_sku is the SKU that the customer bought.';
COMMENT ON COLUMN cart_reservations.kept_until IS 'Until then, an expiring reservation is extended: a payment or a review is in progress.';
COMMENT ON TABLE channel_policies IS 'Units of a SKU that a channel may not sell. Derived from atp_rules; channel as in location_policies.';
COMMENT ON COLUMN connections.secrets IS 'Encrypted with the master key; never logged, never shown.';
COMMENT ON COLUMN count_lines.changed IS 'Change of on hand when the count was approved.';
COMMENT ON COLUMN count_lines.counted IS 'Units counted; NULL: not counted, nothing changes.';
COMMENT ON COLUMN count_lines.expected IS 'On hand in the ledger when the units were counted; written when the count is submitted.';
COMMENT ON COLUMN count_lines.missing IS 'Reserved units that were not found. They stay in the ledger until their orders are settled.';
COMMENT ON COLUMN counts.directed_sku IS 'SKU that an order could not find here; counted once for any number of orders.';
COMMENT ON TABLE deliveries IS 'Open work of each subscriber: state 0 ready, 1 leased, 3 dead letter, 4 not sent (shadow mode). Finished rows are deleted.';
COMMENT ON COLUMN deliveries.key IS 'Id within the stream. A subscriber gets the deliveries of one stream and id in order.';
COMMENT ON COLUMN deliveries.shadowed_connection IS 'State 4: key of the connection in shadow mode, which does not call its partner.';
COMMENT ON TABLE events IS 'Append-only log, written in the transaction of the rows that an event describes. No personal data.';
COMMENT ON COLUMN fulfillment_orders.recall_requested_at IS 'When operations asked for the work back; the location that accepted it can agree or decline.';
COMMENT ON COLUMN fulfillment_orders.held_back IS 'Waits for the rest of its order before it is released.';
COMMENT ON COLUMN fulfillment_orders.leaves_at IS 'When the parcel is expected to leave; the latest time to release it.';
COMMENT ON TABLE unaccepted_work IS 'Warnings about work that its location did not accept; each stage once.';
COMMENT ON TABLE import_rows IS 'Rows of a file. Valid ones are deleted when they are applied; rows with a problem are kept.';
COMMENT ON COLUMN import_rows.cells IS 'Values, in the order of the columns of the import kind.';
COMMENT ON COLUMN import_rows.key IS 'What the row changes. A file has one row per key; empty: any number.';
COMMENT ON TABLE imports IS 'Imported files and their progress. If a worker dies, the next one continues.';
COMMENT ON COLUMN imports.checked_to IS 'Last line that was checked; applied_to is the last line that was applied.';
COMMENT ON COLUMN imports.ignored IS 'Rows that are older than a count or snapshot.';
COMMENT ON COLUMN imports.whole IS 'All rows or none: one bad row rejects the file.';
COMMENT ON TABLE inbox IS 'Raw messages, stored before they are acknowledged: state 0 due, 2 processed, 3 dead letter.';
COMMENT ON TABLE invoice_taxes IS 'Each tax on each line of an invoice or credit note, under the tax authority''s names.';
COMMENT ON COLUMN invoices.legal_entity IS 'The company that sells, as printed on the document.';
COMMENT ON COLUMN invoices.tax_number IS 'Its registration where the goods shipped from: GSTIN, VAT number.';
COMMENT ON TABLE lab_changes IS 'Orders that the draft routes differently.';
COMMENT ON COLUMN lab_changes.order_id IS 'Order id; negative: the position of an order in an uploaded file.';
COMMENT ON TABLE lab_runs IS 'Simulations and hindsight analyses. A worker leases a run; if it dies, another starts it again.';
COMMENT ON COLUMN lab_runs.against IS 'The version to compare with (NULL: the built-in rules).';
COMMENT ON COLUMN lab_runs.before IS 'Totals of the version to compare with; "after" has the totals of the draft.';
COMMENT ON COLUMN lab_runs.draft IS 'The version to simulate (NULL: the built-in rules).';
COMMENT ON COLUMN lab_runs.is_canceled IS 'A person canceled the run; its worker stops after the current batch.';
COMMENT ON COLUMN label_purchases.called_at IS 'When the carrier was first called; written before the call.';
COMMENT ON COLUMN label_purchases.reference IS 'Our reference and the idempotency key of the purchase. A retry looks the label up by it first.';
COMMENT ON TABLE location_throughput IS 'Units per hour, open units and reject rate, measured every few seconds for routing.';
COMMENT ON TABLE location_pauses IS 'Locations that get no new orders until until_at (NULL: until a person resumes them).';
COMMENT ON COLUMN locations.carrier IS 'Key of the carrier connection for parcels from here.';
COMMENT ON COLUMN messages.event_key IS 'The event that the message is about; an order gets each template once per event.';
COMMENT ON TABLE network_documents IS 'Versions of calendars, rates and shifts. The newest version is in force; versions do not change.';
COMMENT ON TABLE network_movements IS 'Ledger of network_stock: its counters change only with a row here.';
COMMENT ON TABLE network_revision IS 'Its token changes with locations and network documents, so that processes know when to reload them.';
COMMENT ON TABLE network_stock IS 'Units of a SKU without a location: reserved by carts, committed to orders that are not routed yet.';
COMMENT ON TABLE location_policies IS 'Result of the active rules per SKU and location, with the rule that decided. Derived data: it can be rebuilt, and has no foreign keys.';
COMMENT ON COLUMN location_policies.channel IS 'Empty: every channel without a row of its own.';
COMMENT ON TABLE order_addresses IS 'Personal data of an order, in a table of its own so that it can be erased.';
COMMENT ON TABLE order_routing IS 'Orders that wait for checks or routing. Lock the order before a row is written.';
COMMENT ON COLUMN order_routing.due IS 'Next task; empty: a person decides. A task stays due if its worker dies.';
COMMENT ON COLUMN order_routing.due_at IS 'When the task is due; NULL: when new stock arrives.';
COMMENT ON COLUMN order_routing.tries IS 'Attempts to allocate the order completely since it became short.';
COMMENT ON COLUMN orders.channel_canceled_at IS 'When the channel canceled the order; processed once.';
COMMENT ON COLUMN orders.channel_ship_by IS 'Latest ship date of the channel; NULL: none.';
COMMENT ON COLUMN orders.pickup IS 'Code of the location where the customer picks the order up; it is never shipped.';
COMMENT ON COLUMN orders.promised_at IS 'Promised delivery: the channel''s, or that of the first routing decision.';
COMMENT ON COLUMN parcels.length_mm IS 'Outer dimensions as measured; NULL: the standard parcel of the settings.';
COMMENT ON COLUMN payments.channel_id IS 'Sales channel of the order; NULL: not known yet.';
COMMENT ON COLUMN payments.external_id IS 'The gateway''s id; NULL while only the channel has reported the payment.';
COMMENT ON TABLE policy_locations IS 'Locations as they were when the policies were computed; a difference from locations recomputes them.';
COMMENT ON TABLE policy_skus IS 'SKUs as they were when the policies were computed; a difference from skus recomputes them.';
COMMENT ON TABLE pool_draws IS 'Units that order lines took from a pool. A canceled line has no row.';
COMMENT ON TABLE pools IS 'Units of a SKU reserved for one audience: a channel key or group:vip. Derived from atp_rules.';
COMMENT ON COLUMN receipt_lines.reason IS 'Why the quantity or the condition differs from the document.';
COMMENT ON TABLE receipts IS 'Goods receipts, compared with the document that announced them.';
COMMENT ON COLUMN receipts.closes IS 'Whether the document is complete: open units on it are closed short.';
COMMENT ON COLUMN receipts.reference IS 'Document that announced the goods: purchase order, ASN, delivery note.';
COMMENT ON COLUMN refunds.called_at IS 'When the gateway was first called; written before the call.';
COMMENT ON TABLE replenishment_rules IS 'Minimum and maximum of a location, and its source. The most specific rule applies: SKU before category before all, location before kind before all.';
COMMENT ON COLUMN return_lines.return_line_no IS 'Line number within the return; line_no is the line of the order.';
COMMENT ON TABLE routing_blocks IS 'Locations that get no orders of a SKU until then, because they rejected it.';
COMMENT ON COLUMN routing_decisions.best_minor IS 'Cost of the order in the best plan of its whole day, computed afterwards; actual_minor less this is the hindsight gap.';
COMMENT ON TABLE routing_prices IS 'Scarcity prices: the value of a unit at a location to expected orders.';
COMMENT ON COLUMN routing_prices.stock_key IS 'SKU, or SKU and condition.';
COMMENT ON TABLE routing_rule_failures IS 'Conditions of a version that could not be evaluated: path, error, number of cases.';
COMMENT ON TABLE routing_rule_versions IS 'Versions of the rule set, with their test cases. A document never changes: a change is a new version.';
COMMENT ON COLUMN routing_rule_versions.based_on IS 'Version from which this one was edited.';
COMMENT ON COLUMN routing_rule_versions.digest IS 'Digest of the document; processes cache compiled versions by it.';
COMMENT ON COLUMN routing_rule_versions.number IS 'Version number without gaps; decision explanations show it.';
COMMENT ON COLUMN routing_rule_versions.restores IS 'Archived version that this one restores.';
COMMENT ON TABLE routing_schedule IS 'When each scheduled run is due next.';
COMMENT ON TABLE routing_trial_orders IS 'First decision on each order of a trial, by each version that decided.';
COMMENT ON TABLE routing_trials IS 'Trials of drafts: shadow (the draft decides without effect) or canary (it decides for a share of the orders).';
COMMENT ON COLUMN routing_trials.against IS 'Active version at the start (NULL: the built-in rules). The trial ends when another becomes active.';
COMMENT ON COLUMN routing_trials.breached IS 'A guardrail ended the trial. Home shows it until a person acknowledges it.';
COMMENT ON TABLE sell_ahead IS 'SKUs that can be sold before they are in stock.';
COMMENT ON COLUMN sell_ahead.available_from_date IS 'Earliest promised day (release of a pre-order).';
COMMENT ON COLUMN sell_ahead.quantity_limit IS 'Maximum units promised and not received, over all orders; NULL: no limit.';
COMMENT ON COLUMN sell_ahead.until_date IS 'Last day on which it can be sold ahead.';
COMMENT ON TABLE shift_loads IS 'Work allocated to a shift. Lock its row before a batch is planned.';
COMMENT ON TABLE shift_work IS 'Shift whose capacity a fulfillment order uses; the row is deleted when the capacity is released.';
COMMENT ON TABLE shipments IS 'Content of one parcel from one fulfillment order or return; the unit of invoices and of fulfillments in the channel.';
COMMENT ON TABLE sku_parts IS 'Components of kits (several) and of B-grade SKUs (one, in condition b_grade). A SKU without rows has itself as its component.';
COMMENT ON COLUMN stock.confirmed_at IS 'As-of time of the last count or snapshot; older ones are ignored.';
COMMENT ON COLUMN stock.incoming IS 'Units expected from open purchase orders and transfers.';
COMMENT ON COLUMN stock.missing IS 'Reserved units that a count or a source did not find. While there are any, availability is unknown.';
COMMENT ON TABLE stock_commitments IS 'Units of captured orders that are not routed yet. They lower availability, and are not reserved at a location.';
COMMENT ON TABLE stock_feed_problems IS 'Lines of a feed that were not applied as sent, and why.';
COMMENT ON TABLE stock_feeds IS 'Stock feeds from ERP, WMS and POS; one per source and key.';
COMMENT ON COLUMN stock_feeds.as_of IS 'Time of the source''s figures. Movements since then are kept.';
COMMENT ON TABLE stock_movements IS 'The stock ledger: counters in stock change only with a row here.';
COMMENT ON COLUMN stock_movements.reverses IS 'The movement that this one ends or reverses. A reservation ends once, when it is released or shipped; a return names its shipment.';
COMMENT ON TABLE stock_sources IS 'Systems that report the stock of a location (POS, WMS). After max_age_seconds without a message its stock counts as unknown.';
COMMENT ON TABLE supplies IS 'Lines of purchase orders, transfers and other supply. Open units are in the incoming counter, through expected movements.';
COMMENT ON COLUMN supplies.confidence IS 'Certainty of date and quantity, in percent; promises can require a minimum.';
COMMENT ON COLUMN supplies.received IS 'Units received; can exceed quantity.';
COMMENT ON TABLE supply_promises IS 'Units of order lines promised from supply. When supply is late, a row ends and another replaces it.';
COMMENT ON COLUMN supply_promises.arrived IS 'Units that arrived and are reserved for this line until it is routed.';
COMMENT ON COLUMN supply_promises.made_at IS 'When the line was first promised; the longest wait is served first.';
COMMENT ON COLUMN supply_promises.supply_id IS 'NULL: backordered without supply, so without a date.';
COMMENT ON COLUMN transfer_lines.why IS 'Why a suggested transfer has this quantity.';
COMMENT ON COLUMN transfers.reference IS 'Number in another system or on paper.';
COMMENT ON COLUMN transfers.suggested IS 'Suggested by replenishment; one draft per pair of locations.';

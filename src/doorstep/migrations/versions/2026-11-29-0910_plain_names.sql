SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- Subscribers and periodic jobs have plain names now; pending work keeps its place under the new one.
UPDATE deliveries t SET subscriber = renamed.new
  FROM (VALUES
               ('mail.order_confirmed', 'email.order_confirmed'),
               ('promise.promise_short', 'backorders.promise_short_orders'),
               ('promise.look_again', 'backorders.promise_from_new_supply'),
               ('promise.tell', 'backorders.record_promise_changes'),
               ('source.wake_short', 'allocation.retry_backorders'),
               ('replan.location_paused', 'allocation.replan_location'),
               ('replan.look_again', 'allocation.retry_unallocated'),
               ('replan.carrier_out', 'allocation.replan_carrier'),
               ('count.direct', 'stock.open_counts'),
               ('ship.request_labels', 'shipping.request_labels'),
               ('box.look_again', 'shipping.recheck_consolidation'),
               ('ship.buy_label', 'shipping.buy_label'),
               ('settle.request_invoices', 'billing.request_invoices'),
               ('tell.shipped', 'channel.confirm_shipment'),
               ('mail.shipped', 'email.shipped'),
               ('settle.post_document', 'billing.post_document'),
               ('tell.delivered', 'channel.report_delivery'),
               ('mail.delivered', 'email.delivered'),
               ('return_.book_pickups', 'returns.book_pickups'),
               ('tell.return_approved', 'channel.approve_return'),
               ('mail.return_created', 'email.return_created'),
               ('refund.request', 'payments.request_refunds'),
               ('refund.give', 'payments.issue_refund'),
               ('settle.request_credit_notes', 'billing.request_credit_notes'),
               ('mail.refunded', 'email.refunded'),
               ('tell.return_done', 'channel.close_return')
       ) AS renamed(old, new)
 WHERE t.subscriber = renamed.old;

UPDATE schedules t SET name = renamed.new
  FROM (VALUES
               ('verify the stock ledger', 'stock.verify_ledger'),
               ('let go of what carts hold too long', 'carts.expire_reservations'),
               ('close boxes that waited long enough', 'shipping.close_consolidation'),
               ('cancel what nobody could fill', 'allocation.cancel_overdue'),
               ('start runs that are due', 'allocation.scheduled_runs'),
               ('solve planned work together', 'allocation.reoptimize'),
               ('price what is scarce', 'allocation.scarcity_prices'),
               ('watch the trial of a draft', 'routing_rules.check_trial'),
               ('look back on yesterday', 'routing_rules.schedule_hindsight'),
               ('forget old runs of the lab', 'routing_rules.delete_old_simulations'),
               ('forget old shifts', 'allocation.delete_old_shifts'),
               ('forget old runs', 'allocation.delete_old_runs'),
               ('measure how fast locations pick', 'fulfillment.measure_throughput'),
               ('release planned work', 'fulfillment.release'),
               ('end pauses, watch carriers', 'network.check_outages'),
               ('watch work that nobody accepts', 'fulfillment.check_unaccepted'),
               ('draft what shelves lack', 'stock.replenish'),
               ('write off what is missing', 'stock.write_off_missing'),
               ('work out rules for what is new', 'availability.apply_rules_to_new'),
               ('work out all rules again', 'availability.recompute_rules'),
               ('watch the stock sources', 'availability.check_stock_sources'),
               ('forget old sessions and keys', 'identity.delete_expired')
       ) AS renamed(old, new)
 WHERE t.name = renamed.old;

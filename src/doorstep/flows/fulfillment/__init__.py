"""Fulfillment: people at a location accept, pick, pack, hand over, or reject.

1. release hands planned work to its location at the location's pace.
2. commands lock a fulfillment order before it is changed; fulfill accepts, picks and rejects a fulfillment order; packing packs it in parcels and hands them over.
3. recall takes released work back; unaccepted escalates work that no one accepts and re-routes it.
4. stock_correction adjusts stock after a reject.
5. warehouse sends work to the warehouses of partners and asks them to stop; warehouse_reports and warehouse_shipments apply what they
   report, reported_parcels ships what they shipped, warehouse_answers follows what they refuse or stop.
6. cancel stops what is not packed yet.
"""

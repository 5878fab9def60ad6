"""Network: where orders can ship from, when, and at what cost.

1. network_change previews and applies a new version of the network document; compile_document turns it into data.
2. lanes caches the compiled network and adds today's capacity and outages.
3. location_status shows one location today: hours, cut-offs, shifts, throughput, pause.
4. outage_control starts and ends carrier outages and location pauses.
"""

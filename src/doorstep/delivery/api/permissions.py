"""Which permission each operation needs. An operation that is not in the table is refused to everybody."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request

from doorstep.domain.identity.model import NotAllowed, Permission, Principal

# By operation name, as in the OpenAPI document. Where the object has a location, the operation also asks for it.
_OPERATIONS: Mapping[tuple[Permission, ...], str] = {
    (Permission.ORDERS_READ,): """
        get_order list_invoices list_order_messages list_order_promises list_refunds search_orders
    """,
    (Permission.ORDERS_READ, Permission.RULES_READ): """
        list_order_decisions
    """,
    (Permission.ORDERS_READ, Permission.INVENTORY_READ): """
        list_supply_promises
    """,
    (Permission.ORDERS_WRITE,): """
        add_note cancel_order close_customer_texts hold_order place_orders put_message_choice recall_fulfillment_order release_order
        retry_refund
    """,
    (Permission.FULFILLMENT_READ,): """
        download_label get_fulfillment_order get_location get_location_today get_shipment
        list_fulfillment_orders list_shipments
    """,
    (Permission.FULFILLMENT_WRITE,): """
        accept_fulfillment_order decline_recall pack_fulfillment_order pause_location pick_all_units
        pick_units reject_fulfillment_order resume_location retry_label ship_fulfillment_order
        ship_parcel
    """,
    (Permission.INVENTORY_READ,): """
        export_movements export_stock get_atp_rule get_availability get_count get_endless_aisle
        get_receipt get_reservation get_sell_ahead get_transfer list_atp_rules list_availability
        list_competing_atp_rules list_counts list_inventory list_movements list_receipts
        list_replenishment_rules list_skus list_stock_sources list_supplies list_transfers
        promise_delivery
    """,
    (Permission.INVENTORY_WRITE,): """
        adjust_stock approve_count cancel_count cancel_supply change_atp_rule change_supply
        close_supply create_atp_rule draft_replenishment import_file preview_atp_rule
        put_replenishment_rules put_sku put_stock_source put_supplies remove_components
        remove_replenishment_rule remove_stock_source request_recount resume_import send_stock_feed
        set_components set_sell_ahead turn_atp_rule_on_or_off
    """,
    (Permission.STOCK_WORK,): """
        cancel_transfer change_condition change_transfer_lines draft_transfer open_count
        receive_goods record_count request_transfer ship_transfer submit_count
    """,
    (Permission.RESERVATIONS_WRITE,): """
        extend_reservation keep_reservation release_reservation reserve_stock
    """,
    (Permission.RULES_READ,): """
        export_rule_version get_network get_network_schema get_routing_rules get_routing_schema
        get_rule_version get_simulation list_locations list_outages list_routing_queues
        list_routing_runs list_rule_changes list_rule_versions list_simulation_changes
        list_simulations list_test_case_results list_trials preview_closing preview_network
        validate_rules
    """,
    (Permission.RULES_WRITE,): """
        activate_rule_version archive_rule_version cancel_simulation close_location
        delete_simulation draft_rule_version end_outage promote_trial put_location put_network
        reopen_location restore_rule_version start_outage start_routing_run start_simulation
        start_trial stop_trial
    """,
    (Permission.RETURNS_READ,): """
        get_return list_returns
    """,
    (Permission.RETURNS_WRITE,): """
        inspect_return receive_return
    """,
    (Permission.DEAD_LETTERS_READ,): """
        get_connection_message get_dead_letter list_dead_letters
    """,
    (Permission.DEAD_LETTERS_WRITE,): """
        discard_dead_letters retry_dead_letters
    """,
    (Permission.CONNECTIONS_READ,): """
        download_import_problems get_import get_stock_feed get_connection_maps get_connection_sign_in
        list_connection_feeds list_published_stock get_file_transfer list_file_transfers
        list_connection_messages list_connections list_comparisons list_comparison_totals get_comparison
        get_go_live_report list_import_problems list_imports list_stock_feeds
        list_unknown_receipts list_unsent_calls
    """,
    (Permission.CONNECTIONS_WRITE,): """
        cancel_connection_feed discard_unsent_calls inspect_connection put_connection
        retry_file_transfer
        put_connection_map remove_connection_map pause_connection_feed
        resume_connection_feed retry_connection_messages run_connection_feed send_published_stock_again send_unsent_calls
        set_connection_mode start_back_fill send_missing_calls start_connection_sign_in activate_connection
    """,
}
REQUIRED: Mapping[str, tuple[Permission, ...]] = {
    name: permissions for permissions, names in _OPERATIONS.items() for name in names.split()
}


async def require_permission(request: Request) -> None:
    """Raise NotAllowed unless the client has what the operation needs; its location is checked by the operation itself."""
    principal: Principal = request.state.principal
    permissions = REQUIRED.get(request.scope["route"].name)
    if permissions is None:
        raise NotAllowed(
            "This operation has no permission in delivery/api/permissions.py: nobody may use it."
        )
    for permission in permissions:
        principal.require(permission)

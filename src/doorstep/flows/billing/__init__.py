"""Billing: invoices and credit notes in the ERP.

1. posting requests an invoice per shipment and a credit note per refunded return.
2. invoice and credit_note build the documents; tax_document has the parties, lines and taxes that they share.
3. posting hands them to the ERP and stores its numbers.
"""

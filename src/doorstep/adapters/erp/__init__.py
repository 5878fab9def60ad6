"""ERP and accounting systems that number invoices and credit notes; one folder per vendor."""

"""ERPNext with India Compliance, over Frappe's REST API."""

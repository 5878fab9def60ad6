"""ERPNext with India Compliance, through Frappe's REST API."""

"""ERPNext through Frappe's REST API: documents, naming series, submission, GST."""

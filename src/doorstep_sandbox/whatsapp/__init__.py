"""WhatsApp's Cloud API: templates, the 24-hour window, statuses and inbound messages as signed webhooks."""

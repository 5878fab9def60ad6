"""WhatsApp by Meta's Cloud API: templates out, receipts and what customers write in."""

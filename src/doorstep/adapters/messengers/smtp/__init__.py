"""Mail by SMTP, to any relay."""

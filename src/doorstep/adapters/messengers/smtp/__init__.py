"""E-mail by SMTP, to any relay."""

"""Notify the channel and the customer, once per event.

1. channel_updates reports shipments, deliveries and returns to the sales channel.
2. customer_messages sends e-mail at most once per event; mail_content and mails have the content.
"""

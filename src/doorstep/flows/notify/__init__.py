"""Notify the channel and the customer, once per event.

1. channel_updates and channel_returns report shipments, deliveries and returns to the sales channel, as far as it takes them.
2. customer_messages prepares messages at most once per event and medium (drafts says to whom) and sends e-mail; other_media sends the
   rest; hand_over does both. mail_content and mails have the content.
3. replies applies receipts of vendors and what customers write.
"""

"""Razorpay: orders, payments, refunds with an idempotency header, signed webhooks."""

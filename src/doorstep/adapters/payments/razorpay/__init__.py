"""Razorpay: UPI, cards and net banking in India; captures, refunds and signed webhooks."""

"""The trade: one package per subject, strangers to each other; flows connect them."""

"""Money received and money given back."""

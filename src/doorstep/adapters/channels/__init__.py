"""Sales channels: shops and marketplaces that send orders and hear what became of them; one folder per vendor."""

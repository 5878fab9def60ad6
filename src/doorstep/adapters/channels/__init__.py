"""Sales channels: shops and marketplaces that send orders and get updates; one folder per vendor."""

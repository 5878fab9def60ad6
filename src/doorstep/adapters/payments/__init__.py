"""Payment gateways: captures and refunds; one folder per vendor."""

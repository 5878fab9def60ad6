"""ShipHawk: multi-carrier rates and labels for warehouses. Checked against samples and public documents only."""

"""Takes due deliveries and tells the wallets."""

"""Google Wallet, imitated: what an issuer calls, what a save link opens, what a phone shows."""

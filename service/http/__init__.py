"""The JSON API, and what wallets call."""

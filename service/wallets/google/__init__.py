"""Google Wallet: the pass is an object that Google keeps; we write it, phones show it."""

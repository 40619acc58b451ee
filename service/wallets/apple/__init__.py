"""Apple Wallet: what a pass says, how it is packed and signed, how phones are told of changes."""

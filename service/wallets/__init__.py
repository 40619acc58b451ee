"""Phone wallets, one folder each, behind the three verbs of `interface.py`."""

"""The rules of loyalty cards: standard library only, no I/O, no clock."""

"""Foreign senders: how their calls are verified and read."""

"""The parts of a pass by subject: what a design may say of each, and what Wallet reads of it."""

"""The tessera command."""

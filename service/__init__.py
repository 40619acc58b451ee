"""Tessera: issues loyalty cards and keeps them true in every phone wallet."""

__version__ = "0.1.0"

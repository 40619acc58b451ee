"""Hypothesis without files on the disk and without a stopwatch: two cores are shared by many."""

from hypothesis import settings

settings.register_profile("tessera", database=None, deadline=None)
settings.load_profile("tessera")

"""Side-by-side measurements, ratios in one run: `python -m bench`."""

"""Drives any server's Apple web service as phones do, and scores it; knows nothing of ours."""

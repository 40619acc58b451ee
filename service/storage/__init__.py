"""Rows and queries; never commits."""

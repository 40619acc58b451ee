"""A designer's folder or zip becomes a checked design: files, images and their sizes, strips.

It knows no brand and no database, and it never writes a file.
"""

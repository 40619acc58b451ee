"""The pass linter: finds what makes a phone refuse a pass, or silently leave something out."""

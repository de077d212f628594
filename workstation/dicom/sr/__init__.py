"""Structured Reports: content items, TID 1500 and TID 2000, written and read."""

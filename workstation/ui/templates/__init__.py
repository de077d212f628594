"""The forms in which a report template is edited."""

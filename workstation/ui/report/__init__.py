"""The parts of the report page: side column, phrases, links in the text, spelling, the former report."""

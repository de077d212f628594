"""The report as a page: fonts, letterheads, layout, PDF, and the places where signatures will stand."""

"""Documents that leave the house: paper, signatures, routes, templates."""

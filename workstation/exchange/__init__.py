"""Documents that leave the house: PDF, signatures."""

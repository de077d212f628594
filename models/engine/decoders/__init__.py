"""From network output to marks."""

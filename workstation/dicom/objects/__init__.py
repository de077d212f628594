"""All other objects: presentation states, key images, segmentations, encapsulated and signed documents."""

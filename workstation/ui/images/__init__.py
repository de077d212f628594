"""What the reading page does with the images of the open case: one object for each concern."""

"""Values and rules of the reading workflow; standard library and numpy only."""

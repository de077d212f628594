"""What a viewport shows and does, without Qt: planes, windows, marks, measurements and tools."""

"""Around the colorizer: folders, output names, borders of prints, full memory, odds, hints."""

"""Around the colorizer: folders of photos, output names, borders of prints, full memory."""

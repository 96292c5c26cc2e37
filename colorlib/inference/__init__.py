"""Colorizing many photos: folders, output names and the borders of prints."""

"""Metrics that state their protocol, collections of them over many batches, and human tests."""

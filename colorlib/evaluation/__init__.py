"""Evaluation: metrics with a protocol, their collection over batches, intervals, a Turing test."""

"""``python -m course grade``: collect notebooks, check the answers in a sandbox, write the grades."""

"""``python -m course grade``: check the answers of a class in a sandbox, and write its grades."""

"""What only a notebook needs: the set-up line, the environment and the widgets."""

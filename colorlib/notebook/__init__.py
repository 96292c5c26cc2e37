"""Support for the lessons' notebooks: the set-up line, the environment and the widgets."""

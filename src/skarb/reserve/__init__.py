"""The state reserve: coins that were mined or paid as levy, and what they are worth, at what risk, under which rule."""

"""Countries: one folder of data each."""

"""What `skarb bench` measures: our own figures, and those of others in the same run."""

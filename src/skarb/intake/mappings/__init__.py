"""Mappings that come with Skarb, one YAML file each."""

"""Nouns without behaviour: what every other room of the house talks about."""

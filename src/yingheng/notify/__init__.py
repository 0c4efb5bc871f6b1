"""Telling people: one message per matter, once to each person, read and acknowledged in the page."""

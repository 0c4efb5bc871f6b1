"""Automatic evaluation of every exam."""

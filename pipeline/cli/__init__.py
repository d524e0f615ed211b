"""The command line and the readable view."""

"""The record: copied from the source, checked and judged."""

"""What points at the cells of a report."""

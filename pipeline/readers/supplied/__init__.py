"""A caller's own record as a reader."""

"""Tools that tests and measurements are made with: none is part of the product."""

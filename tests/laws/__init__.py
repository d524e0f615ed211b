"""The law: a clean report is changed in one place, everywhere; what is vouched for is what a careful person reads.

tables.py holds reports as tables of cells, layouts.py prints them, changes.py changes them one place at a time and says what
is read then, verdict.py holds an extraction to that, and `python -m tests.laws` runs all of it and prints a table.
"""

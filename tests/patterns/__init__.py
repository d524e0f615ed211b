"""Every regular expression of the program against strings made from it to make it backtrack: the steps are counted, not timed."""

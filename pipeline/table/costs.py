"""What each kind of damage costs. An alignment's cost is the sum of what it takes the text to have suffered.

The unit is one character misprinted in a label. Readings whose costs differ by less than MARGIN are both possible.
"""

NUMBER_LOST = 0.5
"""A label without its number: 予以公开 for （一）予以公开."""
MISPRINT = 1.0
"""A character of a label misread, lost or added."""
CUT_OFF = 2.0
"""A label, or a head, of which only a piece is printed; twice that where nearly all of it is gone."""
WORDS_ADDED = 3.0
"""Further words beside a whole label."""
AROUND = 0.5
"""A label that stands around its numbers."""
SPLIT = 0.1
"""A label broken into one more piece."""
BLANK_LOST = 2.5
"""An empty cell that left no trace."""
CELL_TOO_MANY = 3.0
"""A number, or a printed blank, that is none of the row's."""
PAGE_NUMBER = 1.0
"""The same, where it stands apart from all others, as a page's number does."""
TOTAL_LOST = 1.0
"""A total that left no trace, while its parts have numbers."""
SUM_BROKEN = 3.0
"""A sum of the row's own that does not hold, where no way to fill the row says that it holds."""
EMPTY_TOO_MANY = 0.2
"""An empty cell that no column claims."""
GLUED = 0.1
"""A border between two numbers lost, in a text that lacks such borders."""
BORDER_LOST = 2.0
"""The same in a text that has them."""
BEHIND = 1.0
"""Labels that stand behind their numbers."""
TORN = 2.0
"""Numbers torn from their labels, and taken in the form's order."""
HEAD_LOST = 2.0
"""A head that is not printed, while its column is."""
ORDER_OF_FORM = 3.0
"""Columns taken in the form's order, since their heads cannot be read."""
TREE = 0.5
"""Heads of several levels read level by level."""
MARGIN = 4.0
"""The price of one hard damage."""
AGREEMENT = 4.0
"""What a reading is cheaper by where a second reader found the same without knowing of the first."""

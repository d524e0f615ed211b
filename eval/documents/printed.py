"""Fonts that documents are printed in."""

FONTS = ("AR PL UMing CN", "AR PL UKai CN", "WenQuanYi Zen Hei", "Noto Sans CJK SC")
"""Fonts whose digits are all equally wide, which the account rests on. In the first, so are the marks of blanks."""

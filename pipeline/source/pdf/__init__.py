"""PDF → text with offsets: glyphs and ruling lines of each page, the grids that these lines prove, and the text of all."""

"""From bytes to text with offsets, whatever the document is, and the text's sections."""

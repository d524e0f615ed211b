"""A picture of a page → what a reader sees there, by RapidOCR: its ruling lines, and characters with their places."""

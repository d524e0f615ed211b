"""What a report says of itself: its agency, year, title and date, and its narrative."""

"""Many documents under one budget, and the files of their results."""

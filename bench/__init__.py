"""What Parley costs beside what else a developer would write: `make bench`."""

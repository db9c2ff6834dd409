"""Where the vendors' wire formats are known, and nowhere else."""

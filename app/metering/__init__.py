"""Tokens and money, known here and nowhere else."""

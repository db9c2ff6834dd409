"""Answers to whole requests: the caller brings the conversation, and nothing of it is kept."""

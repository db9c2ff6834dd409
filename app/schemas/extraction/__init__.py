"""What an extraction must return: a registered schema in each file, found by `registry.find`.

To add one, write a file with a subclass of `base.Extracted` that has a name.
"""

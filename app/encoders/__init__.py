"""From events to bytes, an encoder for each format that clients read."""

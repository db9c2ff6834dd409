"""marshmallow: JSON to values and back, a file for each blueprint. Unknown fields are an error."""

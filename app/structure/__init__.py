"""JSON Schema to and from what a model takes; validation of shape.

`schema.load` checks a schema that a caller sent, `Schema.validate` a value against it,
`wire.encode` turns it into what a provider takes, and `Wire.decode` undoes that in the answer.
"""

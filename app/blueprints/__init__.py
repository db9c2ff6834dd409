"""HTTP in, HTTP out: views load, call and answer."""

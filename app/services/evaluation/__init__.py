"""Whether answers are right, and the same for everybody: a set of prompts asked of models, in
variants or against what is expected, and a report of it.
"""

"""The places that models come from, one module each: which files, and how to ask."""

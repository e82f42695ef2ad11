"""The model fetcher: brings one model from its source into one directory, whole or not at all."""

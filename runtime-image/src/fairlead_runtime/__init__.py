"""The MLflow runtime of Fairlead: a model fetcher and a model server, one process each."""

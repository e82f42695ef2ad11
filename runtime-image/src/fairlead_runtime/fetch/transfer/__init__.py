"""Moving the files of a listing to disk: in parallel, checked, and resumed after a break."""

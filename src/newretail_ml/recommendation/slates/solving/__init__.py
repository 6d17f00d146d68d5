"""Finding slates: one by one, under contracts, and under shared stock."""

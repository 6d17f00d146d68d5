"""How the best list of price points is found, and proved, for each kind of demand."""

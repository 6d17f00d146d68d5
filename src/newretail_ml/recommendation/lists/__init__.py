"""How a list is made of scores: what can be offered, which slots it has, what fills it."""

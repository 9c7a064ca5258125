"""One module per data set: how its rows become the traffic of models, and what is known to be in them."""

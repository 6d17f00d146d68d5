"""newretail_ml turns a retail chain's own tables into decisions."""

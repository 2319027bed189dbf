"""The tables of partners, one module for each group of them."""

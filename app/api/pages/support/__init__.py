"""/support/{token}: the adviser's page to contest, justify, and see what became of it."""

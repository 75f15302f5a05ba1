"""Files as rows of cells, whatever program wrote them."""

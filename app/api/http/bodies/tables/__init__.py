"""Tables that a French spreadsheet opens as they are: one description, written as CSV or as XLSX."""

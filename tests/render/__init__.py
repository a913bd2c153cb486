"""Every format, on reports made by hand."""

"""Reports from records: tables, figures, the page, comparison and gate."""

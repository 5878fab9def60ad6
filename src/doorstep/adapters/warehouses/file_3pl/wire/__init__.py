"""The files of the warehouse: tables (CSV), X12 interchanges, and what both say."""

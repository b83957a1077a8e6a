"""The report of an exam: a page, a document for print, tables and stills from its record."""

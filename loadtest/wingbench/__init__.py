"""Helpers shared by the programs in loadtest/: servers, RESP, figures, tables, pictures."""

"""Figures of docs/results on the pages: `make figures`."""

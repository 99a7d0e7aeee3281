"""Roof: public pages, admin, API."""

"""Exams, series and instances as they arrived, with the orders, reports and retakes around them."""

"""Measure the quality of routing on published and rebuilt families of instances, against a lower bound."""

"""Clients come, move and leave."""

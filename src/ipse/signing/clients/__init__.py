"""Whom signing asks over the network, or over a socket of this machine."""

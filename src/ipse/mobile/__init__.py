"""The front door for phones: the device protocol over HTTP, and the phone app on an origin of its own.

docs/reference/device-protocol.md says what goes over the wire. Start with `service`.
"""

"""Second floor: one verb each. They know stores and the protocols of sources and transports, no adapter."""

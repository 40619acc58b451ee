"""Stand-ins for Apple's servers and for iPhones, for trying Tessera out and for testing it."""

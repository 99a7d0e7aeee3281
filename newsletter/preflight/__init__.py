"""What an issue must be like before it may be sent: small pure rules over the message as a reader gets it."""

"""Documents on their way through the Peppol network, by an access point of one's own or a hosted one."""

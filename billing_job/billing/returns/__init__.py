"""What the tax offices are told: figures of a period from issued documents."""

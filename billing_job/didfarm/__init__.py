"""Everything that knows the supplier: HTTP, paging, wire format, webhooks and the sandbox."""

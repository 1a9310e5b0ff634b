"""The PDF engine; document_files and render_pool are its only callers."""

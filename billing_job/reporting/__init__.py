"""What people look at: the month's page, margins, attribution, exceptions."""

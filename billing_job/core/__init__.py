"""Values, money, moments and files that every room above may use; knows no other room."""

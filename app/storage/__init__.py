"""What lasts: tables, their migrations, and one file of statements for each family of tables."""

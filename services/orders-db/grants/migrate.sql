-- Login of `orderstream migrate`, for the deploy step only: creates and changes tables.
GRANT ALL PRIVILEGES ON `orderstream`.* TO 'orderstream_migrate'@'%';

-- Login of `orderstream migrate`, for the deploy step only: makes and changes tables.
GRANT ALL PRIVILEGES ON `orderstream`.* TO 'orderstream_migrate'@'%';

"""A small consumer that treats Kafka and MySQL as Wikimedia's EventLogging did.

It commits what it has polled, not what it has inserted: rows wait in memory, and SIGTERM and SIGKILL lose
them. The original: github.com/wikimedia/eventlogging.
"""

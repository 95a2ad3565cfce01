"""`make demo`: two incidents of a database writer that lost its buffer with lag 0, repaired on real servers.

Every number that is shown is read from Kafka, Burrow or MariaDB, and compared with what it should be.
"""

"""A real Kafka, ZooKeeper, Burrow and MariaDB on loopback, for the demo, the tests and work by hand.

`python -m sandbox up` starts them, `python -m sandbox down` ends them. Not part of the wheel.
"""

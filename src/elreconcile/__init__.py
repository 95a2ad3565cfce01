"""A declarative reconciler for Kafka consumer groups, Burrow and the MySQL tables behind them."""

__version__ = "0.1.0"

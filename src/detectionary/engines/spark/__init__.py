"""Apache Spark: the second engine, on this machine or on a cluster."""

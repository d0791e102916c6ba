"""A PostgreSQL group under Patroni and etcd whose leader is killed while a writer posts: `python -m tests.ha`."""

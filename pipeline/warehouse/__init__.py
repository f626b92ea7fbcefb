"""Postgres, and nothing else: `read_…` and `save_…`, each idempotent, each in the caller's transaction.

SQL is written as SQL: the tables live in `sql/migrations`, the public views in schema `mart`.
"""

"""Use cases: ingest, compute, evaluate, approve, deliver, publish, check. Short, in order, no maths."""

"""What may be done: ops, plans, actions, the engine, the journal."""

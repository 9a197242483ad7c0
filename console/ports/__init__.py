"""What we need from outside: one small Protocol a capability, the cluster file, the plugin loader."""

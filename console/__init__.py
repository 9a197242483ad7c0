"""Watchkeeper: one console for the application servers, balancers and replica set of a fault-tolerant deployment.

Snapshots flow out of the cluster; events flow out of a run; nothing else moves.

- `console.cluster`: what is. Immutable snapshots, their merging, named diagnoses, what-if. Imports nothing of ours.
- `console.ports`: what we need from outside. Small Protocols, the cluster file, the plugin loader.
- `console.change`: what may be done. Ops, plans, actions, the engine, the journal.
- `console.contract`: what every plugin of a port does, as behaviours that tests and `plugins test` hold it to.
- `console.session`: the composition root; all that a front end holds.
- `console.cli` and `console.tui`: two faces over a session. Only `tui` knows textual.
- `console.lab`: a real cluster on this machine, for a first look, for rehearsal and for tests.
- `plugins`: every vendor, entering by the same door as a stranger's.
"""

__version__ = "0.1.0"

"""How the miniature is trained: one program per model, all driven by `python -m explorer.miniature.train`."""

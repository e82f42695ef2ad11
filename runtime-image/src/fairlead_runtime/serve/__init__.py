"""The model server: MLflow's scoring semantics behind one asyncio process."""

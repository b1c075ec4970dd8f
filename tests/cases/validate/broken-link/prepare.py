from pathlib import Path

Path("connections.yaml").symlink_to("gone.yaml")

from pathlib import Path

Path("connections.yaml").chmod(0)

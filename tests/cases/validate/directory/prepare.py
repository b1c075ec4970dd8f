from pathlib import Path

Path("folder").mkdir()

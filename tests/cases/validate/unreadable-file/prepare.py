import os

os.chmod("connections.yaml", 0)

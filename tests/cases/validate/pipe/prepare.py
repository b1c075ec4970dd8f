import os

os.mkfifo("connections.yaml")

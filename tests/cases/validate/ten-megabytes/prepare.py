with open("connections.yaml", "wb") as file:
    file.write(b"version: 1\n" + b"# padding\n" * 1_048_576)

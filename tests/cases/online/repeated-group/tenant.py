"""Two user groups of one name, and two logins that differ in capitals only."""

emulator = globals()["emulator"]
emulator.edit.add_group('US:"Sales";NO:"Salg"')
emulator.edit.add_associate("Anna")

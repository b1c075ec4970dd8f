"""The connector calls a field otherwise by now, and somebody has refreshed the fields."""

emulator = globals()["emulator"]
(row,) = emulator.inspect.find("Visma Norway")
emulator.edit.drop_field("Test.Excel", "Customer", "CustGr")
emulator.edit.refresh(row["ErpConnectionId"])

"""Two items of one name in a CRM list, each below a heading of its own."""

emulator = globals()["emulator"]
first = next(row["CrmListItemId"] for row in emulator.inspect.rows("CrmListItem") if 'US:"Retail"' in row["Name"])
second = emulator.edit.add_crm_item("business", "Retail")
emulator.edit.add_crm_heading("business", "Nordic", [first])
emulator.edit.add_crm_heading("business", "Other countries", [second])

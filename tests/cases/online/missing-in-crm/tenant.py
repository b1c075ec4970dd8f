"""A CRM field is gone."""

emulator = globals()["emulator"]
emulator.edit.delete_crm_field("Contact", "NAME")

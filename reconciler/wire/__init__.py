"""Names and codecs of the SuperOffice API: pure functions between what travels and what the model holds.

`languages` reads and writes multi-language strings, `values` config values, `carriers` whole rows, and `operations`
says of every call we make how it may be repeated. Nothing here reaches a network.

Effects: none.
"""

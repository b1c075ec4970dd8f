"""The only place that speaks HTTP to a tenant: `Gateway` implements the Reader, Tester and Writer of `ports`.

    gateway    one small method per question, test or write, in the words of the model
    client     login, pace, retries of reads, one line per call for `--debug`
    transport  one exchange: a reply, or none, and whether anything was sent
    answers    what a reply holds: JSON of the expected type, or an error object
    verdicts   what may be believed after a write; the one safety-critical table
    auth       how a request proves who we are
    redact     nothing that leaves this package holds a secret
    readings   how questions that the documentation leaves open are decided

Importing this package loads no HTTP library; importing `gateway` does.

Effects: none; see the modules.
"""

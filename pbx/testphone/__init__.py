"""A real SIP program as a test phone: SIPp places and answers calls, espeak-ng speaks in them.

`omniline call` and the tests use it. Nothing here is on the path of a customer's call.
"""

"""The PBX half: everything that knows Asterisk, and nothing that knows a customer, SQL or HTTP."""

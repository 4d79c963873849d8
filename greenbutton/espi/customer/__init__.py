"""The customer's side of ESPI: who, where and under which contract. All of it is personal.

It has a schema of its own (http://naesb.org/espi/customer), since its schema forbids that it
travels in one message with usage. Names are those of the schema; what its types inherit
(IdentifiedObject, Document, Location, Asset) comes first, as on the wire. The draft of ESPI 4.1
wraps what 4.0 inherits in an element of its own; both are read, 4.0 is written.
"""

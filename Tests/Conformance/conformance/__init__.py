"""Shared parts of the conformance runners: places, servers, protocol, and the Tcl suite."""

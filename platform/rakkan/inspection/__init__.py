"""The auditor's tools: find events, be told of them, take them away; and who read what."""

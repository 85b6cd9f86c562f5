"""What Stockade claims to hold against whom; docs/threat-model has the claims and what is shown."""

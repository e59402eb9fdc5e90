"""Right videos, and the same made wrong: what the gate's judgement of lips is measured with."""

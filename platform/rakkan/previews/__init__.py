"""Short, visibly marked looks at what would be made: shown to approvers, never released."""

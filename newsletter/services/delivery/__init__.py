"""How a started issue leaves: `deliver` leads, the `desk` stands between its workers and the ledger."""

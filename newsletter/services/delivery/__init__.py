"""How a started issue leaves: `deliver` leads; between its workers and the ledger stand the `desk` and its `office`."""

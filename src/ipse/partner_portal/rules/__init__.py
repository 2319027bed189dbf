"""Pure decisions of the portal: what a form holds, what a key is, which address helps."""

"""What pages and new lessons are made from."""

"""What several stations' tests are built from."""

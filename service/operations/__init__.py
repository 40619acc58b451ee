"""What users want, one function and one transaction each."""

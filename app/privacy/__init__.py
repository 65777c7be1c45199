"""What the law gives to the person a record is about: corrections that two people see to."""

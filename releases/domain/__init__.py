"""What there is: values, and the rules that hold for them. Nothing here reads or writes."""

"""From a commit to the tar that is built."""

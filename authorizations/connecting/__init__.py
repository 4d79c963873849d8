"""On the way to the utility: finding it, what is agreed to in which words, and the way back."""

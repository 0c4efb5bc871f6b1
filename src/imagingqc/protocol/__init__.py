"""What an exam should contain: exam items from free text, required series, and the comparison with what is there."""

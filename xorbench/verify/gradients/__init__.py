"""The gradient study: what updates and `gradients()` say of back-propagation, and what is wrong where they disagree."""

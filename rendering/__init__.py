"""From a storyboard to a checked film."""

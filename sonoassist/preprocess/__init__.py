"""From a frame to the network's input: field of view, content, geometry."""

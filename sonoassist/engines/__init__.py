"""Engines that run the saliency graph: numpy in, numpy out."""

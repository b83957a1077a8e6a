"""What a person would see to be wrong in a window: cut texts, overlaps, too little contrast."""

"""The best frame of each plane in recorded exams (paper, Sections II-E and III-B)."""

"""In which numbers a model may run: calibration pictures, the check against f32, its verdict."""

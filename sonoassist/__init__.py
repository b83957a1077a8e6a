"""SonoAssist: live detection and localisation of fetal standard scan planes.

For research and training only; not a medical device.
"""

__version__ = "0.1.0"

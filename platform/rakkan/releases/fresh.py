"""What the gate's process has loaded before anything is asked of it: apps and media libraries.

Imported by the server that forks that process, and by nobody else.
"""

from importlib import import_module

import django

django.setup()
import_module("rakkan.releases.services.gate")

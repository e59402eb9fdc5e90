"""Keys, certificates and a time-stamp authority for development, made on first start.

Nothing here protects anything: the keys lie unencrypted beside the program. Start-up
refuses them when ``RAKKAN_ENV=production``.
"""

from compliance.development.keys import DevelopmentKeys, development_keys

__all__ = ["DevelopmentKeys", "development_keys"]

"""Where signing keys are made and used: `port` says how, `module` is a PKCS #11 token, `file` is for development."""

"""What may be asked to be signed (`requests`), and how a certificate names a person (`naming`)."""

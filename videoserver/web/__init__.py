"""What every HTTP door needs: problems, scopes, pages, idempotency, preferences."""

"""The Django side: people, consent, approval, dispatch, release, audit, API and pages."""

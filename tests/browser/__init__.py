"""The page in a real Chromium. Unpatched: Playwright and gevent do not mix."""

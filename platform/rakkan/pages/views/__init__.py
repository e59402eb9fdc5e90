"""The pages, by subject. Each calls the services and selectors the API calls, and adds no rule."""

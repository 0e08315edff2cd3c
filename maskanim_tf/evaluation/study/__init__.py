"""The paper's user study: a page that shows films of several methods, and what people chose."""

"""Of gradscope.render.html: the pages as documents, and as a browser shows them."""

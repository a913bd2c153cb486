"""The tests of gradscope: one module for each of its own, and what several of them share."""

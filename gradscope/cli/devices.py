"""What a path names that is neither a file nor free for one: a pipe, a terminal, `/dev/null`."""

import os


def is_device(path: str) -> bool:
    """Whether something stands there that is no file; a folder is one of them."""
    return os.path.exists(path) and not os.path.isfile(path)

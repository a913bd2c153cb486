"""What file names in a report are relative to: the repository they lie in. Reads no file."""

import os

from msgspec import Struct


class Repository(Struct, frozen=True):
    """A folder that paths are called from, and the top of the repository around it."""

    folder: str = ""
    """Where relative sources start."""
    root: str = ""
    is_found: bool = True
    """Whether there is one; else the root is only the folder itself."""

    def relative(self, source: str) -> str:
        """The source from the root, with forward slashes; as it stands when it is not inside."""
        if source.startswith("<"):
            return source
        path = os.path.normpath(os.path.join(self.folder, source))
        inside = f"{os.path.normpath(self.root)}{os.sep}" if self.root else ""
        return (path.removeprefix(inside) if path.startswith(inside) else path).replace(os.sep, "/")


def find_repository(folder: str) -> Repository:
    """The repository around an absolute folder: the nearest one up with a `.git`, or the folder itself."""
    above = folder
    while not os.path.exists(os.path.join(above, ".git")):
        parent = os.path.dirname(above)
        if parent == above:
            return Repository(folder, folder, is_found=False)
        above = parent
    return Repository(folder, above)

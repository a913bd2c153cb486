"""What mean-field theory knows of a layer's outputs: moments of one entry over wide random networks."""

from typing import NamedTuple

from gradscope.theory.scatter import Deviation


class Level(NamedTuple):
    """Moments of an entry h over networks and samples, and of the same entry on two samples."""

    mean: float
    """E h."""
    second: float
    """E h²."""
    pair: float
    """E h_a h_b for two samples of the batch."""
    deviation: Deviation = Deviation()
    """How far E h² of a network of finite width strays from this."""
    shape: float = 0.0
    """Share of E h² that is not Gaussian over units, as what an activation gives."""

    @property
    def variance(self) -> float:
        """E h² − (E h)²."""
        return max(self.second - self.mean**2, 0.0)

    @property
    def correlation(self) -> float:
        """Of two samples, about the origin: pair / second; 1 where nothing is left."""
        return self.pair / self.second if self.second > 0.0 else 1.0


class UnreachableError(Exception):
    """Theory does not reach a layer: there is no closed form and no quadrature for it here."""

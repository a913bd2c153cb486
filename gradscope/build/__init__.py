"""From a Config to its Network: shapes inferred, layers named, each mistake noted at its line. Runs
nothing."""

from gradscope.build.plan import Plan, build_network, check_network, make_batch, plan_of

__all__ = ["Plan", "build_network", "check_network", "make_batch", "plan_of"]
